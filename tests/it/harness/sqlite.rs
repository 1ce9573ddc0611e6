//! Small SQLite targets, created from SQL.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A SQLite database in a temporary folder.
pub struct SqliteTarget {
    _folder: TempDir,
    /// The path of the file.
    pub file: PathBuf,
}

impl SqliteTarget {
    /// Creates a database from this SQL.
    pub fn new(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("target.db");
        execute(&file, sql);
        Self { _folder: folder, file }
    }

    /// Creates empty tables `t01`, `t02`, … with `columns` columns each.
    pub fn with_tables(tables: usize, columns: usize) -> Self {
        let columns: Vec<String> = (1..=columns).map(|n| format!("c{n:03} INTEGER")).collect();
        let tables: Vec<String> =
            (1..=tables).map(|n| format!("CREATE TABLE t{n:02} ({});", columns.join(", "))).collect();
        Self::new(&tables.join("\n"))
    }

    /// Runs SQL on the database.
    pub fn execute(&self, sql: &str) {
        execute(&self.file, sql);
    }

    /// Returns the connection URL.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.file.display())
    }
}

/// Runs SQL on a file.
pub fn execute(file: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let sql = sql.to_owned();
    let work = async move {
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    };
    super::store::wait_for(work);
}
