//! The demo: a small shop database that comes with Gloss, for trying it without a database.
//!
//! The rule: the data is fictional, identical on every machine, and quick to create. Names range from clear
//! (`customers.email`) to cryptic (`inv_mv.qty_dlt`), as in real databases.
//!
//! To add a table: add it and its rows to `shop.sql`, and its row count to the test.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};

/// Why the demo database could not be created.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// SQLite could not write the database.
    #[error("cannot write the demo database {path}; check that the folder is writable and has free space")]
    Database {
        /// The path of the demo database.
        path: PathBuf,
        /// The cause.
        source: sqlx::Error,
    },
    /// The finished file could not be moved into place.
    #[error("cannot move the demo database to {path}; check that the folder is writable")]
    File {
        /// The path of the demo database.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Creates the demo database at `path`, replacing an existing file. It is written to a `.part` file and moved when
/// complete, so that a crash leaves no partial database.
///
/// # Errors
/// Returns [`DemoError::Database`] if SQLite cannot write the database, and [`DemoError::File`] if the file cannot be
/// moved to `path` or an old `.part` file cannot be removed.
pub async fn create(path: &Path) -> Result<(), DemoError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let in_file = |source| DemoError::File { path: path.to_owned(), source };
    match tokio::fs::remove_file(&part).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(in_file(error)),
        _ => {}
    }
    if let Err(source) = fill(&part).await {
        let _gone = tokio::fs::remove_file(&part).await;
        return Err(DemoError::Database { path: path.to_owned(), source });
    }
    tokio::fs::rename(&part, path).await.map_err(in_file)
}

async fn fill(path: &Path) -> Result<(), sqlx::Error> {
    let mut database = SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await?;
    let mut transaction = database.begin().await?;
    transaction.execute(sqlx::raw_sql(include_str!("shop.sql"))).await?;
    transaction.commit().await?;
    database.close().await
}
