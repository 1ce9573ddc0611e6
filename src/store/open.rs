//! Opening a store: connections, migrations, and what a start makes void.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use entity::{comparison, run, worker};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ColumnTrait, ConnectOptions, Database, DatabaseConnection, DbErr, EntityTrait, QueryFilter, RuntimeErr,
    sea_query::Expr,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use super::{
    SqlStore, dialect, run_plan,
    seal::{self, Forgotten, SealKey},
};
use crate::port::bus::Bus;

/// Connections that read.
const READERS: u32 = 4;
/// How long a statement waits for a lock that another process holds: only a backup or a person's shell can. A run
/// that records tries again after that.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a store cannot be opened. No text holds the URL: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no store that Gloss knows.
    #[error("the store's URL is not one that Gloss can use; write sqlite:///path/to/store.db")]
    UnknownUrl,
    /// It knows migrations that this program does not.
    #[error("the store {0} was written by a newer version of Gloss; use that version or another data folder")]
    Newer(String),
    /// It cannot be reached, read or migrated.
    #[error("the store cannot be opened: {}; check that it is a store of Gloss in a folder that can be written to", cause(.0))]
    Database(#[from] DbErr),
    /// Its secrets are sealed with another key.
    #[error("the passwords and API keys in the store were sealed with another key")]
    WrongKey,
    /// It was opened but does not answer as it should.
    #[error("the store cannot be used: its database does not answer as it should")]
    Unusable(#[from] crate::domain::Error),
}

/// What the database itself says, where it says something.
fn cause(error: &DbErr) -> String {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return error.to_string();
    };
    cause.as_database_error().map_or_else(|| error.to_string(), |said| said.message().to_owned())
}

/// Opens a store whose secrets are sealed with a key, migrates it, and makes void what processes that are gone left in it.
///
/// # Errors
/// [`OpenError`].
pub async fn open(url: &str, bus: Arc<dyn Bus>, key: SealKey) -> Result<SqlStore, OpenError> {
    let statements = Arc::new(AtomicU64::new(0));
    let writer = connect(url, 1, &statements).await?;
    bring_up(url, &writer).await?;
    seal::unlock(&writer, &key).await?;
    let readers = connect(url, READERS, &statements).await?;
    let name = dialect::name(&readers).await?.into();
    let store = SqlStore {
        writer,
        readers,
        bus,
        name,
        statements,
        few: run_plan::FEW,
        seal: Arc::new(key),
        queue_limit: i64::MAX,
    };
    forget_processes(&store.writer).await?;
    Ok(store)
}

/// Brings a store up to date, as opening it does.
///
/// # Errors
/// [`OpenError`].
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    let writer = connect(url, 1, &Arc::default()).await?;
    bring_up(url, &writer).await?;
    Ok(writer.close().await?)
}

/// Seals the secrets of a store anew; gives how many there are. All of them are, or none.
///
/// # Errors
/// [`OpenError`].
pub async fn reseal(url: &str, old: &SealKey, new: &SealKey) -> Result<usize, OpenError> {
    let writer = connect(url, 1, &Arc::default()).await?;
    bring_up(url, &writer).await?;
    seal::unlock(&writer, old).await?;
    let sealed = seal::reseal(&writer, old, new).await?;
    // From here on the new key holds, whatever else goes wrong.
    if let Err(error) = dialect::scrub(&writer).await {
        tracing::warn!(%error, "what was sealed before may still lie in the store's file");
    }
    if let Err(error) = writer.close().await {
        tracing::warn!(%error, "the store was not closed");
    }
    Ok(sealed)
}

/// Lets go of the secrets of a store that a key does not open, and has it open under this key; gives whose they were.
/// Without `really` nothing changes.
///
/// # Errors
/// [`OpenError`].
pub async fn forget(url: &str, key: &SealKey, really: bool) -> Result<Forgotten, OpenError> {
    let writer = connect(url, 1, &Arc::default()).await?;
    bring_up(url, &writer).await?;
    let forgotten = seal::forget(&writer, key, really).await?;
    if really && !forgotten.is_empty() {
        dialect::scrub(&writer).await?;
    }
    writer.close().await?;
    Ok(forgotten)
}

async fn connect(url: &str, connections: u32, statements: &Arc<AtomicU64>) -> Result<DatabaseConnection, OpenError> {
    if !url.starts_with("sqlite:") {
        return Err(OpenError::UnknownUrl);
    }
    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).sqlx_logging(false).record_stmt_in_spans(false);
    // A connection lives as long as the store: a new one would prepare its statements again.
    options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).test_before_acquire(false);
    options.acquire_timeout(Duration::from_mins(1));
    options.map_sqlx_sqlite_opts(|options| {
        options
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(256)
            .pragma("cache_size", "-16000")
            .pragma("temp_store", "memory")
    });
    let mut connection = Database::connect(options).await?;
    let statements = Arc::clone(statements);
    connection.set_metric_callback(move |info| {
        statements.fetch_add(1, Ordering::Relaxed);
        tracing::trace!(
            target: "gloss::store::sql",
            sql = info.statement.sql.as_str(),
            elapsed_us = u64::try_from(info.elapsed.as_micros()).unwrap_or(u64::MAX),
            failed = info.failed,
            "statement"
        );
    });
    Ok(connection)
}

/// Refuses a store of a newer program, migrates an older one.
async fn bring_up(url: &str, writer: &DatabaseConnection) -> Result<(), OpenError> {
    let known: HashSet<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = Migrator::get_migration_models(writer).await?;
    if applied.iter().any(|migration| !known.contains(&migration.version)) {
        return Err(OpenError::Newer(place(url)));
    }
    Ok(Migrator::up(writer, None).await?)
}

/// Where a store is, without what may be secret.
fn place(url: &str) -> String {
    let place = url.split('?').next().unwrap_or_default();
    place.trim_start_matches("sqlite:").trim_start_matches("//").to_owned()
}

/// The lock on the data folder lets one process in: whoever held a run before is gone, and its lease with it.
async fn forget_processes(writer: &DatabaseConnection) -> Result<(), DbErr> {
    worker::Entity::delete_many().exec(writer).await?;
    // What was being compared was not compared to its end.
    comparison::Entity::delete_many().filter(comparison::Column::FinishedAt.is_null()).exec(writer).await?;
    run::Entity::update_many()
        .col_expr(run::Column::WorkerId, Expr::value(None::<String>))
        .col_expr(run::Column::LeaseUntil, Expr::value(0_i64))
        .filter(run::Column::WorkerId.is_not_null())
        .exec(writer)
        .await?;
    Ok(())
}
