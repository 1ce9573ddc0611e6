//! Opening a store: migrations, and what a start makes void.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use entity::{comparison, run, worker};
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, SqlxError, sea_query::Expr,
};

use super::{
    SqlStore,
    address::Address,
    connection::Fitted,
    dialect, ratings, run_plan,
    seal::{self, Forgotten, SealKey},
};
use crate::port::bus::Bus;

/// Why a store cannot be opened. No text holds the URL: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no store that Gloss knows.
    #[error(
        "the store's URL is not one that Gloss can use; write sqlite:///path/to/store.db or \
         postgres://user:password@host:port/database"
    )]
    UnknownUrl,
    /// It knows migrations that this program does not.
    #[error("the store {0} was written by a newer version of Gloss; use that version or another data folder")]
    Newer(String),
    /// Another process has it.
    #[error("the store {0} is in use by another Gloss; stop that one, or name another with --store-url")]
    InUse(String),
    /// It cannot hold every text.
    #[error("the store {0} is not encoded in UTF-8; make its database with ENCODING 'UTF8'")]
    Encoding(String),
    /// It cannot be reached.
    #[error("the store {place} cannot be opened: {}; {}", cause(.error), dialect::advice(.error))]
    Unreachable {
        /// Where it is.
        place: String,
        /// Why.
        error: DbErr,
    },
    /// It cannot be read or migrated.
    #[error("the store cannot be opened: {}; {}", cause(.0), dialect::advice(.0))]
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
    match dialect::driver_error(error) {
        Some(SqlxError::Database(said)) => said.message().to_owned(),
        Some(SqlxError::Io(error)) => error.to_string(),
        Some(error) => error.to_string(),
        None => error.to_string(),
    }
}

/// Where a store is, without what may be secret.
#[must_use]
pub fn place(url: &str) -> String {
    Address::of(url).map(|address| address.place()).unwrap_or_default()
}

/// Opens a store whose secrets are sealed with a key, migrates it, and makes void what processes that are gone left in it.
///
/// # Errors
/// [`OpenError`].
pub async fn open(url: &str, bus: Arc<dyn Bus>, key: SealKey) -> Result<SqlStore, OpenError> {
    let statements = Arc::new(AtomicU64::new(0));
    let address = address(url)?;
    let mut writer = writer_of(&address).await?;
    seal::unlock(&writer, &key).await?;
    let mut readers = address.readers().await?;
    count(&mut writer, &statements);
    count(&mut readers, &statements);
    let name = dialect::name(&readers).await?.into();
    let store = SqlStore {
        writer: Fitted(writer),
        readers: Fitted(readers),
        bus,
        name,
        statements,
        few: run_plan::FEW,
        seal: Arc::new(key),
        queue_limit: i64::MAX,
    };
    forget_processes(&store.writer).await?;
    ratings::rate_all(&store.writer.0).await?;
    Ok(store)
}

/// Brings a store up to date, as opening it does.
///
/// # Errors
/// [`OpenError`].
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    Ok(writer_of(&address(url)?).await?.close().await?)
}

/// Seals the secrets of a store anew; gives how many there are. All of them are, or none.
///
/// # Errors
/// [`OpenError`].
pub async fn reseal(url: &str, old: &SealKey, new: &SealKey) -> Result<usize, OpenError> {
    let writer = writer_of(&address(url)?).await?;
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
    let writer = writer_of(&address(url)?).await?;
    let forgotten = seal::forget(&writer, key, really).await?;
    if really && !forgotten.is_empty() {
        dialect::scrub(&writer).await?;
    }
    writer.close().await?;
    Ok(forgotten)
}

fn address(url: &str) -> Result<Address, OpenError> {
    Address::of(url).ok_or(OpenError::UnknownUrl)
}

/// The connection that writes to a store that is up to date.
async fn writer_of(address: &Address) -> Result<DatabaseConnection, OpenError> {
    let writer = address.writer().await?;
    bring_up(address, &writer).await?;
    Ok(writer)
}

/// Counts the statements of a connection, and tells of each whoever wants to know.
fn count(connection: &mut DatabaseConnection, statements: &Arc<AtomicU64>) {
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
}

/// Refuses a store of a newer program, migrates an older one.
async fn bring_up(address: &Address, writer: &DatabaseConnection) -> Result<(), OpenError> {
    let known: HashSet<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = Migrator::get_migration_models(writer).await?;
    if applied.iter().any(|migration| !known.contains(&migration.version)) {
        return Err(OpenError::Newer(address.place()));
    }
    Ok(Migrator::up(writer, None).await?)
}

/// A store lets one process in: whoever held a run before is gone, and its lease with it.
async fn forget_processes(writer: &impl ConnectionTrait) -> Result<(), DbErr> {
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
