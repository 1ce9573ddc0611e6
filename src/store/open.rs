//! Opening a store: migrations, and what a start makes void.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use entity::{api_token, comparison, run, worker};
use migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect, SqlxError,
    sea_query::{Expr, Query},
};

use super::{
    SqlStore,
    address::Address,
    condition::Condition,
    connection::Fitted,
    dialect, ratings, record, run_plan,
    seal::{self, Forgotten, SealKey},
    transaction::Writer,
    trouble::{self, Trouble},
};
use crate::{domain::clock::Moment, port::bus::Bus};

/// The table with the migrations that a store has had.
const MIGRATIONS: &str = "seaql_migrations";

/// Why a store cannot be opened. No text holds the URL: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no store that Gloss knows.
    #[error(
        "the store URL is not supported; write sqlite:///path/to/store.db or \
         postgres://user:password@host:port/database"
    )]
    UnknownUrl,
    /// It knows migrations that this program does not.
    #[error(
        "the store {0} was written by a newer version of Gloss; use that version, or choose another data folder with \
         --data-dir"
    )]
    Newer(String),
    /// Another process has it.
    #[error("the store {0} is in use by another Gloss; stop that one, or choose another store with --store-url")]
    InUse(String),
    /// It cannot hold every text.
    #[error("the store {0} is not encoded in UTF-8; create its database with ENCODING 'UTF8'")]
    Encoding(String),
    /// It cannot be reached.
    #[error("cannot open the store {place}: {}; {}", cause(.error), trouble::advice(.error))]
    Unreachable {
        /// Where it is.
        place: String,
        /// Why.
        error: DbErr,
    },
    /// It cannot be read or migrated.
    #[error("cannot open the store: {}; {}", cause(.0), trouble::advice(.0))]
    Database(#[from] DbErr),
    /// Its secrets are sealed with another key.
    #[error("the passwords and API keys in the store were sealed with another key")]
    WrongKey,
    /// Its file cannot be made or opened.
    #[error("cannot open the store {place}: {source}; choose another with --store-url")]
    File {
        /// Where it should be.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// What stands in it is not what Gloss wrote.
    #[error(
        "the store {place} is damaged ({cause}); keep its files, restore the store from a backup, with the key file \
         that belongs to it, and start again. For a store in SQLite, `sqlite3 {place} .recover` saves what can be read"
    )]
    Damaged {
        /// Where it is.
        place: String,
        /// What the database says.
        cause: String,
    },
    /// Its file is gone, and a part of it is not.
    #[error(
        "the store {place} is missing, but {log}, which belongs to it, exists; put the store's file back, or restore \
         both from a backup"
    )]
    Torn {
        /// Where it should be.
        place: String,
        /// What is there.
        log: String,
    },
    /// It was opened but does not answer as it should.
    #[error("cannot use the store: its database gave an unexpected answer")]
    Unusable(#[from] crate::domain::Error),
}

/// What the database itself says, where it says something.
fn cause(error: &DbErr) -> String {
    match trouble::driver_error(error) {
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

/// Opens a store whose secrets are sealed with a key, migrates it, and makes void what processes that are gone left in
/// it.
///
/// # Errors
/// [`OpenError`].
pub async fn open(url: &str, bus: Arc<dyn Bus>, key: SealKey) -> Result<SqlStore, OpenError> {
    open_with(url, bus, Some(key)).await
}

/// Opens a store for what needs none of its secrets: no profile can be read or written.
///
/// # Errors
/// [`OpenError`].
pub async fn open_without_key(url: &str, bus: Arc<dyn Bus>) -> Result<SqlStore, OpenError> {
    open_with(url, bus, None).await
}

async fn open_with(url: &str, bus: Arc<dyn Bus>, key: Option<SealKey>) -> Result<SqlStore, OpenError> {
    let address = address(url)?;
    open_at(&address, bus, key).await.map_err(|error| told(&address, error))
}

async fn open_at(address: &Address, bus: Arc<dyn Bus>, key: Option<SealKey>) -> Result<SqlStore, OpenError> {
    let statements = Arc::new(AtomicU64::new(0));
    let condition = address.condition()?;
    let mut writer = writer_of(address, &condition).await?;
    if let Some(key) = &key {
        seal::unlock(&writer, key).await?;
    }
    let mut readers = address.readers().await?;
    condition.watch().map_err(|source| OpenError::File { place: address.place(), source })?;
    count(&mut writer, &statements);
    count(&mut readers, &statements);
    let name = dialect::name(&readers).await?.into();
    forget_processes(&writer).await?;
    ratings::rate_all(&writer).await?;
    Ok(SqlStore {
        writer: Writer::new(writer, Arc::clone(&condition)),
        readers: Fitted::new(readers, Arc::clone(&condition)),
        condition,
        bus,
        name,
        statements,
        few: run_plan::FEW,
        seal: key.map(Arc::new),
        queue_limit: i64::MAX,
    })
}

/// Names damage as damage.
fn told(address: &Address, error: OpenError) -> OpenError {
    match error {
        OpenError::Database(error) if trouble::trouble(&error) == Some(Trouble::Damaged) => {
            OpenError::Damaged { place: address.place(), cause: cause(&error) }
        }
        error => error,
    }
}

/// What a look at a store finds, before anything is changed.
#[derive(Debug, Default)]
pub struct Found {
    is_empty: bool,
    probe: Option<String>,
    token_ends: Vec<Option<i64>>,
}

impl Found {
    /// Whether nothing was ever recorded in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Whether its secrets are sealed.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.probe.is_some()
    }

    /// Whether a key opens its secrets.
    #[must_use]
    pub fn opens(&self, key: &SealKey) -> bool {
        self.probe.as_ref().is_none_or(|probe| seal::opens(key, probe))
    }

    /// Whether any token opens the door at a moment.
    #[must_use]
    pub fn has_token(&self, at: Moment) -> bool {
        self.token_ends.iter().any(|end| end.is_none_or(|end| end > record::millis(at)))
    }
}

/// Looks at a store and changes nothing.
///
/// # Errors
/// [`OpenError`]: all that opening it would find, but for its key.
pub async fn inspect(url: &str) -> Result<Found, OpenError> {
    let address = address(url)?;
    let connection = address.look().await.map_err(|error| told(&address, error))?;
    let Some(connection) = connection else { return Ok(Found { is_empty: true, ..Found::default() }) };
    let found = look(&address, &connection).await.map_err(|error| told(&address, error));
    connection.close().await?;
    found
}

async fn look(address: &Address, connection: &DatabaseConnection) -> Result<Found, OpenError> {
    let schema = SchemaManager::new(connection);
    let mut versions: Vec<String> = Vec::new();
    if schema.has_table(MIGRATIONS).await? {
        let mut query = Query::select();
        query.column("version").from(MIGRATIONS);
        for row in connection.query_all(&query).await? {
            versions.push(row.try_get_by_index(0)?);
        }
    }
    let known = known_versions();
    if versions.iter().any(|version| !known.contains(version)) {
        return Err(OpenError::Newer(address.place()));
    }
    let mut found = Found { is_empty: versions.is_empty(), ..Found::default() };
    if schema.has_table("seal").await? {
        found.probe = seal::probe(connection).await?;
    }
    if schema.has_table("api_token").await? {
        let ends = api_token::Entity::find().select_only().column(api_token::Column::ExpiresAt);
        let ends = ends.filter(api_token::Column::RevokedAt.is_null());
        found.token_ends = ends.into_tuple().all(connection).await?;
    }
    Ok(found)
}

/// Brings a store up to date, as opening it does.
///
/// # Errors
/// [`OpenError`].
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    Ok(bare_writer(url).await?.close().await?)
}

/// Seals all secrets of a store with a new key, or none; returns their number.
///
/// # Errors
/// [`OpenError`].
pub async fn reseal(url: &str, old: &SealKey, new: &SealKey) -> Result<usize, OpenError> {
    let writer = bare_writer(url).await?;
    seal::unlock(&writer, old).await?;
    let sealed = seal::reseal(&writer, old, new).await?;
    // From here on the new key holds, whatever else goes wrong.
    if let Err(error) = dialect::scrub(&writer).await {
        tracing::warn!(%error, "secrets that the old key sealed may still be in the store's file");
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
    let writer = bare_writer(url).await?;
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
async fn writer_of(address: &Address, condition: &Arc<Condition>) -> Result<DatabaseConnection, OpenError> {
    let writer = address.writer(condition).await?;
    bring_up(address, &writer).await?;
    Ok(writer)
}

/// The same for what changes a store that nobody else has open.
async fn bare_writer(url: &str) -> Result<DatabaseConnection, OpenError> {
    let address = address(url)?;
    let condition = address.condition()?;
    writer_of(&address, &condition).await.map_err(|error| told(&address, error))
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

/// The migrations that this program knows.
fn known_versions() -> HashSet<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// Refuses a store of a newer program, migrates an older one.
async fn bring_up(address: &Address, writer: &DatabaseConnection) -> Result<(), OpenError> {
    let known = known_versions();
    let applied = Migrator::get_migration_models(writer).await?;
    if applied.iter().any(|migration| !known.contains(&migration.version)) {
        return Err(OpenError::Newer(address.place()));
    }
    Ok(Migrator::up(writer, None).await?)
}

/// A store lets one process in: whoever held a run before is gone, and its lease with it.
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
