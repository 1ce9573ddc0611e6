//! Names and texts in statements: one quoting function per dialect, and the only place where one meets SQL.

/// A name for SQLite and PostgreSQL: in double quotes, those inside doubled.
#[must_use]
pub fn ansi(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name for MySQL and MariaDB: in backticks, those inside doubled. Holds whatever the server's `sql_mode`.
#[must_use]
pub fn backtick(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text for SQLite, where nothing but a quote means anything inside a literal. Holds no NUL: whoever writes
/// refuses it.
#[must_use]
pub fn sqlite_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text for PostgreSQL. With a backslash in it, it says itself that backslashes count, so it holds whatever
/// `standard_conforming_strings` says. Holds no NUL: whoever writes refuses it.
#[must_use]
pub fn postgres_text(text: &str) -> String {
    let quoted = sqlite_text(text);
    if text.contains('\\') { format!("E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

/// A text for MySQL and MariaDB, read back the same where the session's `sql_mode` lets backslashes count. Under
/// `NO_BACKSLASH_ESCAPES` backslashes double, but nothing leaves the literal: no quote stands behind one backslash.
#[must_use]
pub fn mysql_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\0', "\\0").replace('\'', "''"))
}
