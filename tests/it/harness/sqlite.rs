//! Small SQLite targets, made by SQL.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A SQLite database in a folder of its own.
pub struct SqliteTarget {
    _folder: TempDir,
    /// The file.
    pub file: PathBuf,
}

impl SqliteTarget {
    /// A database that this SQL makes.
    pub fn new(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("target.db");
        execute(&file, sql);
        Self { _folder: folder, file }
    }

    /// Tables `t01`, `t02`, … with so many columns each, without rows.
    pub fn with_tables(tables: usize, columns: usize) -> Self {
        let columns: Vec<String> = (1..=columns).map(|n| format!("c{n:03} INTEGER")).collect();
        let tables: Vec<String> =
            (1..=tables).map(|n| format!("CREATE TABLE t{n:02} ({});", columns.join(", "))).collect();
        Self::new(&tables.join("\n"))
    }

    /// Runs more SQL.
    pub fn execute(&self, sql: &str) {
        execute(&self.file, sql);
    }

    /// Its connection URL.
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
