//! Opens stores: applies migrations, and clears what earlier processes left behind. Also the commands that work on a
//! store without a server: inspect, migrate, reseal, forget.
//!
//! The rules: on PostgreSQL, one process at a time opens the store, while the others can read but not write. What a
//! living process holds is never cleared: on SQLite there is no other process, and on PostgreSQL leases expire. Who
//! migrates a store or changes its secrets needs it for itself.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use entity::{Millis, api_token, comparison, duty, run, worker};
use migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
    SqlxError,
    sea_query::{Expr, Query},
};

use super::{
    SqlStore,
    address::{Address, Held, Inspection},
    cells::Reader,
    condition::Condition,
    connection::Fitted,
    dialect,
    facets::Facets,
    ratings, record, run_plan,
    seal::{self, Forgotten, SealKey},
    transaction::Writer,
    trouble::{self, DbResult as _, Trouble},
};
use crate::{
    domain::clock::{Clock as _, Moment, SystemClock},
    port::{bus::Bus, store::LEASE},
    telemetry::{metrics, traces},
};

/// The table that marks a store as an unfinished copy of another one; see `copy.rs`.
pub(super) const UNFINISHED: &str = "unfinished_copy";
/// The table of applied migrations.
const MIGRATIONS: &str = "seaql_migrations";

/// Why a store cannot be opened. No text contains the URL, because it may contain a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL's scheme or format is unknown.
    #[error(
        "the store URL is not supported; write sqlite:///path/to/store.db or \
         postgres://user:password@host:port/database"
    )]
    UnknownUrl,
    /// The store has migrations that this program does not know.
    #[error(
        "the store {0} was written by a newer version of Gloss; use that version, or choose another data folder with \
         --data-dir"
    )]
    Newer(String),
    /// Another process uses the store.
    #[error(
        "the store {0} is in use by another Gloss; stop every process that uses it (`gloss workers` lists them; one \
         that was killed counts for 30 seconds more), or choose another store with --store-url"
    )]
    InUse(String),
    /// The database's encoding is not UTF-8.
    #[error("the store {0} is not encoded in UTF-8; create its database with ENCODING 'UTF8'")]
    Encoding(String),
    /// The store cannot be reached.
    #[error("cannot open the store {place}: {}; {}", cause(.error), trouble::advice(.error))]
    Unreachable {
        /// The store's address, without secrets.
        place: String,
        /// The cause.
        error: DbErr,
    },
    /// The store cannot be read or migrated.
    #[error("cannot open the store: {}; {}", cause(.0), trouble::advice(.0))]
    Database(#[from] DbErr),
    /// The store is a copy that was never completed.
    #[error("the store {0} is an unfinished copy; complete it with `gloss store copy`, or delete it and copy again")]
    Unfinished(String),
    /// The store's secrets are sealed with another key.
    #[error("the passwords and API keys in the store were sealed with another key")]
    WrongKey,
    /// The store's file cannot be created or opened.
    #[error("cannot open the store {place}: {source}; choose another with --store-url")]
    File {
        /// The file's path.
        place: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The store's content is damaged.
    #[error(
        "the store {place} is damaged ({cause}); keep its files, restore the store from a backup, with the key file \
         that belongs to it, and start again. For a store in SQLite, `sqlite3 {place} .recover` saves what can be read"
    )]
    Damaged {
        /// The store's address, without secrets.
        place: String,
        /// The database's message.
        cause: String,
    },
    /// The store's file is missing, but its log exists.
    #[error(
        "the store {place} is missing, but {log}, which belongs to it, exists; put the store's file back, or restore \
         both from a backup"
    )]
    Torn {
        /// The path of the missing file.
        place: String,
        /// The path of the log.
        log: String,
    },
    /// The store was opened, but its database gave an unexpected answer.
    #[error("cannot use the store: its database gave an unexpected answer")]
    Unusable(#[from] crate::domain::Error),
}

/// Returns the database's own message if there is one.
fn cause(error: &DbErr) -> String {
    match trouble::driver_error(error) {
        Some(SqlxError::Database(said)) => said.message().to_owned(),
        Some(SqlxError::Io(error)) => error.to_string(),
        Some(error) => error.to_string(),
        None => error.to_string(),
    }
}

/// Returns a store's address without secrets; empty if the URL is not supported.
#[must_use]
pub fn place(url: &str) -> String {
    Address::of(url).map(|address| address.place()).unwrap_or_default()
}

/// Opens a store whose secrets are sealed with `key`, migrates it, and clears what earlier processes left in it.
///
/// # Errors
/// Returns an [`OpenError`].
pub async fn open(url: &str, bus: Arc<dyn Bus>, key: SealKey) -> Result<SqlStore, OpenError> {
    open_with(url, bus, Some(key)).await
}

/// Opens a store for work that needs no secrets. Profiles can be neither read nor written.
///
/// # Errors
/// Returns an [`OpenError`].
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
    let held = address.hold().await?;
    let mut writer = writer_of(address, &condition).await?;
    let has_sealed = match &key {
        Some(key) => seal::unlock(&writer, key).await?,
        None => false,
    };
    if writer.get_database_backend() == DbBackend::Sqlite {
        forget_processes(&writer).await?;
    }
    ratings::rate_all(&writer).await.db()?;
    // PostgreSQL keeps what a transaction may still see, and the one that holds the store began earlier.
    release(held).await;
    if has_sealed {
        dialect::scrub(&writer).await?;
    }
    let mut readers = address.readers().await?;
    condition.watch().map_err(|source| OpenError::File { place: address.place(), source })?;
    count(&mut writer, &statements);
    count(&mut readers, &statements);
    let name = dialect::name(&readers).await?.into();
    Ok(SqlStore {
        writer: Writer::new(writer, Arc::clone(&condition)),
        readers: Fitted::new(readers, Arc::clone(&condition)),
        // Without it, lists are read through the driver.
        reader: Reader::open(address),
        facets: Facets::default(),
        condition,
        bus,
        name,
        statements,
        planner: run_plan::Planner::default(),
        seal: key.map(Arc::new),
        queue_limit: i64::MAX,
    })
}

/// Turns a database error that reports damage into [`OpenError::Damaged`].
pub(super) fn told(address: &Address, error: OpenError) -> OpenError {
    match error {
        OpenError::Database(error) if trouble::trouble(&error) == Some(Trouble::Damaged) => {
            OpenError::Damaged { place: address.place(), cause: cause(&error) }
        }
        error => error,
    }
}

/// The result of inspecting a store.
#[derive(Debug, Default)]
pub struct Found {
    is_empty: bool,
    /// The number of migrations that are not applied yet.
    pending: usize,
    probe: Option<String>,
    token_ends: Vec<Option<i64>>,
}

impl Found {
    /// Returns whether nothing was ever recorded in the store.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Returns how many migrations of this program are not applied yet.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.pending
    }

    /// Returns whether the store holds sealed secrets.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.probe.is_some()
    }

    /// Returns whether `key` opens the store's secrets.
    #[must_use]
    pub fn opens(&self, key: &SealKey) -> bool {
        self.probe.as_ref().is_none_or(|probe| seal::opens(key, probe))
    }

    /// Returns whether any token is valid at a moment.
    #[must_use]
    pub fn has_token(&self, at: Moment) -> bool {
        self.token_ends.iter().any(|end| end.is_none_or(|end| end > record::millis(at)))
    }
}

/// Inspects a store without changing it.
///
/// # Errors
/// Returns the [`OpenError`] that opening would return, except for a wrong key.
pub async fn inspect(url: &str) -> Result<Found, OpenError> {
    let address = address(url)?;
    let connection = address.open_for_inspection(Inspection::BeforeUse).await.map_err(|error| told(&address, error))?;
    let Some(connection) = connection else { return Ok(Found { is_empty: true, ..Found::default() }) };
    let found = inspect_open(&address, &connection).await.map_err(|error| told(&address, error));
    connection.close().await?;
    found
}

pub(super) async fn inspect_open(address: &Address, connection: &DatabaseConnection) -> Result<Found, OpenError> {
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
    let pending = known.len().saturating_sub(versions.len());
    let mut found = Found { is_empty: versions.is_empty(), pending, ..Found::default() };
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

/// Migrates a store to the current schema.
///
/// # Errors
/// Returns an [`OpenError`].
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    let (writer, held) = bare_writer(url).await?;
    writer.close().await?;
    release(held).await;
    Ok(())
}

/// Seals all secrets of a store with a new key, or none if it fails. Returns their number.
///
/// # Errors
/// Returns an [`OpenError`].
pub async fn reseal(url: &str, old: &SealKey, new: &SealKey) -> Result<usize, OpenError> {
    let (writer, held) = bare_writer(url).await?;
    alone(&address(url)?, &writer).await?;
    seal::unlock(&writer, old).await?;
    let sealed = seal::reseal(&writer, old, new).await?;
    release(held).await;
    // The new key is in force from here on, even if the clean-up fails.
    if let Err(error) = dialect::scrub(&writer).await {
        tracing::warn!(%error, "secrets that the old key sealed may still be in the store's file");
    }
    if let Err(error) = writer.close().await {
        tracing::warn!(%error, "the store was not closed");
    }
    Ok(sealed)
}

/// Deletes the secrets of a store that `key` does not open, so that the store opens with this key. Returns what they
/// belonged to. Changes nothing unless `really` is set.
///
/// # Errors
/// Returns an [`OpenError`].
pub async fn forget(url: &str, key: &SealKey, really: bool) -> Result<Forgotten, OpenError> {
    let (writer, held) = bare_writer(url).await?;
    alone(&address(url)?, &writer).await?;
    let forgotten = seal::forget(&writer, key, really).await?;
    release(held).await;
    if really && !forgotten.is_empty() {
        dialect::scrub(&writer).await?;
    }
    writer.close().await?;
    Ok(forgotten)
}

pub(super) fn address(url: &str) -> Result<Address, OpenError> {
    Address::of(url).ok_or(OpenError::UnknownUrl)
}

/// Opens the writing connection and migrates the store.
async fn writer_of(address: &Address, condition: &Arc<Condition>) -> Result<DatabaseConnection, OpenError> {
    let writer = address.writer(condition).await?;
    bring_up(address, &writer).await?;
    Ok(writer)
}

/// Opens the writing connection of a store by its URL, for commands that run without a server, and holds the store.
async fn bare_writer(url: &str) -> Result<(DatabaseConnection, Option<Held>), OpenError> {
    let address = address(url)?;
    let condition = address.condition()?;
    let held = address.hold().await?;
    let writer = writer_of(&address, &condition).await.map_err(|error| told(&address, error))?;
    Ok((writer, held))
}

/// Releases a store that was held.
pub(super) async fn release(held: Option<Held>) {
    if let Some(held) = held {
        held.release().await;
    }
}

/// Refuses a store that other processes use, as far as they have reported within the time of a lease. On SQLite there
/// are none.
pub(super) async fn alone(address: &Address, connection: &DatabaseConnection) -> Result<(), OpenError> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let seen = worker::Column::LastSeenAt.gt(Millis(SystemClock.now() - LEASE));
    match worker::Entity::find().filter(seen).one(connection).await? {
        Some(_) => Err(OpenError::InUse(address.place())),
        None => Ok(()),
    }
}

/// Counts the statements of a connection and traces each one.
fn count(connection: &mut DatabaseConnection, statements: &Arc<AtomicU64>) {
    let statements = Arc::clone(statements);
    let system = dialect::system(connection.get_database_backend());
    connection.set_metric_callback(move |info| {
        statements.fetch_add(1, Ordering::Relaxed);
        metrics::statement(info.elapsed);
        traces::statement(system, &info.statement.sql, info.elapsed, info.failed);
        tracing::trace!(
            target: "gloss::store::sql",
            sql = info.statement.sql.as_str(),
            elapsed_us = u64::try_from(info.elapsed.as_micros()).unwrap_or(u64::MAX),
            failed = info.failed,
            "statement"
        );
    });
}

/// The names of the migrations that this program knows.
fn known_versions() -> HashSet<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// Refuses a store of a newer program and migrates an older one.
async fn bring_up(address: &Address, writer: &DatabaseConnection) -> Result<(), OpenError> {
    let known = known_versions();
    let applied = Migrator::get_migration_models(writer).await?;
    if applied.iter().any(|migration| !known.contains(&migration.version)) {
        return Err(OpenError::Newer(address.place()));
    }
    let schema = SchemaManager::new(writer);
    if schema.has_table(UNFINISHED).await? {
        return Err(OpenError::Unfinished(address.place()));
    }
    if applied.len() < known.len() && schema.has_table("worker").await? {
        // Processes of an older version would go on with tables that they do not know.
        alone(address, writer).await?;
    }
    Ok(Migrator::up(writer, None).await?)
}

/// Clears workers and leases of a store in SQLite, which only this process has.
async fn forget_processes(writer: &DatabaseConnection) -> Result<(), DbErr> {
    worker::Entity::delete_many().exec(writer).await?;
    duty::Entity::delete_many().exec(writer).await?;
    // Comparisons that were never finished.
    comparison::Entity::delete_many().filter(comparison::Column::FinishedAt.is_null()).exec(writer).await?;
    run::Entity::update_many()
        .col_expr(run::Column::WorkerId, Expr::value(None::<String>))
        .col_expr(run::Column::LeaseUntil, Expr::value(0_i64))
        .filter(run::Column::WorkerId.is_not_null())
        .exec(writer)
        .await?;
    Ok(())
}
