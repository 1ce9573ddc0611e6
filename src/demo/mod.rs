//! The demo: a small shop database that comes with Gloss, to try it on without one's own data.
//!
//! The rule: it is made up, the same on every machine, and quick to make. Names go from clear
//! (`customers.email`) to cryptic (`inv_mv.qty_dlt`), as they do out there. Tables and rows are in `shop.sql`;
//! a new table goes there, and its row count into the test.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};

/// Why the demo database could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// SQLite refused.
    #[error("cannot write the demo database {path}; check that the folder is writable and has free space")]
    Database {
        /// Where it should be.
        path: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// The file could not be put in place.
    #[error("cannot move the demo database to {path}; check that the folder is writable")]
    File {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Makes the demo database at `path`, in place of what is there. It is written beside it and moved when it is
/// complete: a crash leaves no half of one.
///
/// # Errors
/// [`DemoError`] where the file cannot be written.
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
