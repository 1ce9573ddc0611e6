//! Names in statements: one quoting function per dialect, and the only place where a name meets SQL.

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
