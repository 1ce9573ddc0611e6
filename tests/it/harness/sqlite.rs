//! Small SQLite targets, made by SQLite's own client.

use std::path::{Path, PathBuf};

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

fn execute(file: &Path, sql: &str) {
    let done = std::process::Command::new("sqlite3").arg("-batch").arg(file).arg(sql).output().unwrap();
    assert!(done.status.success(), "sqlite3: {}", String::from_utf8_lossy(&done.stderr));
}
