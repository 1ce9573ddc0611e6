//! Quoting of names and texts, one function per dialect. Names and texts enter SQL nowhere else.

/// Quotes a name for SQLite and PostgreSQL: in double quotes, with quotes inside doubled.
#[must_use]
pub fn ansi(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a name for MySQL and MariaDB: in backticks, with backticks inside doubled. Safe under every `sql_mode`.
#[must_use]
pub fn backtick(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Quotes a text for SQLite, whose literals have no escape but the doubled quote. The text must not contain a NUL:
/// callers reject it.
#[must_use]
pub fn sqlite_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Quotes a text for PostgreSQL. A text with a backslash becomes an `E'…'` literal, which is safe under every value
/// of `standard_conforming_strings`. The text must not contain a NUL: callers reject it.
#[must_use]
pub fn postgres_text(text: &str) -> String {
    let quoted = sqlite_text(text);
    if text.contains('\\') { format!("E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

/// Quotes a text for MySQL and MariaDB. It reads back unchanged if the session's `sql_mode` allows backslash escapes.
/// Under `NO_BACKSLASH_ESCAPES` backslashes come back doubled, but the text cannot leave the literal: no quote
/// follows a single backslash.
#[must_use]
pub fn mysql_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\0', "\\0").replace('\'', "''"))
}
