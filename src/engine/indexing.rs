//! Adds catalogs to the index that search and questions use.
//!
//! The rules:
//! - A run passes on what it reads anyway, and reads nothing twice.
//! - A profile that no run has read completely is read by the first search or question over it, schema by schema and
//!   some tables at a time, so memory does not grow with the catalog.
//! - [`Readings`] prevents concurrent readings of the same catalog.
//! - An indexing failure makes searches incomplete, but never fails a run.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::walk::Walked;
use crate::{
    domain::{Error, Result, catalog::TableDetail, id::DbProfileId, profile::DbProfile, scope::RunScope},
    port::{
        Ports,
        store::Store,
        target::{Target, TargetError},
    },
};

/// Number of tables recorded in one transaction.
const TABLES_AT_ONCE: usize = 50;
/// Maximum number of catalogs read concurrently.
const READINGS_AT_ONCE: usize = 4;
/// After a failed reading, searches that do not name the profile do not retry it for this long.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// Indexes what a run's walk has read, and removes what the walk found to be gone. Frees each table once it is indexed.
pub async fn take_walk(ports: &Ports, profile: &DbProfile, scope: &RunScope, walked: Walked) {
    if let Err(error) = take_walked(ports, profile, scope, walked).await {
        tracing::warn!(%error, "a catalog was read but not indexed");
    }
}

async fn take_walked(ports: &Ports, profile: &DbProfile, scope: &RunScope, walked: Walked) -> Result<()> {
    let store = &ports.store;
    let Walked { schemas, visits, left_out, partitions, .. } = walked;
    let everything = scope.schemas.is_empty();
    let mut of_schemas: HashMap<String, Vec<String>> = HashMap::new();
    let mut database = None;
    let mut tables = visits.into_iter().map(|visit| visit.table).chain(left_out);
    loop {
        let some: Vec<Arc<TableDetail>> = tables.by_ref().take(TABLES_AT_ONCE).collect();
        let Some(first) = some.first() else { break };
        database.get_or_insert_with(|| first.database.clone());
        for table in &some {
            of_schemas.entry(table.schema.clone()).or_default().push(table.table.name.clone());
        }
        store.index_tables(profile, &some).await?;
    }
    let Some(database) = database else {
        // Without any table it is unknown how paths in this database are spelled.
        if everything && scope.database.is_none() {
            store.catalog_is_empty(profile).await?;
            store.catalog_read(profile, ports.clock.now()).await?;
        }
        return Ok(());
    };
    let database = database.as_deref();
    for (schema, table) in partitions {
        of_schemas.entry(schema).or_default().push(table);
    }
    store.index_schemas(profile, database, &schemas).await?;
    for schema in &schemas {
        let named = || scope.schemas.iter().any(|named| named.name == schema.name && named.tables.is_empty());
        if everything || named() {
            let tables = of_schemas.remove(schema.name.as_str()).unwrap_or_default();
            store.retain_tables(profile, database, &schema.name, &tables).await?;
        }
    }
    if everything && scope.database.is_none() {
        store.catalog_read(profile, ports.clock.now()).await?;
    }
    Ok(())
}

/// Indexes tables that a run has read individually.
pub async fn take_tables(store: &dyn Store, profile: &DbProfile, tables: &[Arc<TableDetail>]) {
    if let Err(error) = store.index_tables(profile, tables).await {
        tracing::warn!(%error, "tables were read but not indexed");
    }
}

/// Why a catalog could not be read completely.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The described database failed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::domain::Error),
}

/// A reading in progress, with its result. It can be awaited by several callers.
pub type Reading = Shared<BoxFuture<'static, Result<(), Arc<ReadError>>>>;

#[derive(Default)]
struct UnderWay {
    readings: HashMap<DbProfileId, (DbProfile, Reading)>,
    failed: HashMap<DbProfileId, Instant>,
}

/// The catalog readings in progress. Cheap to clone.
#[derive(Clone)]
pub struct Readings {
    ports: Ports,
    under_way: Arc<Mutex<UnderWay>>,
    turns: Arc<Semaphore>,
}

impl Readings {
    /// Creates a registry of readings over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, under_way: Arc::default(), turns: Arc::new(Semaphore::new(READINGS_AT_ONCE)) }
    }

    /// Returns the reading of a profile's catalog: the one in progress, or a new one. It continues even if no caller
    /// waits for it. Returns `None` if it failed less than [`RETRY_AFTER`] ago and the profile is not `named`.
    #[must_use]
    pub fn read(&self, profile: &DbProfile, named: bool) -> Option<Reading> {
        let mut state = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, reading)) = state.readings.get(&profile.id)
            && read.same_database(profile)
        {
            return Some(reading.clone());
        }
        let failed = state.failed.get(&profile.id);
        if !named && failed.is_some_and(|failed| failed.elapsed() < RETRY_AFTER) {
            return None;
        }
        let task = tokio::spawn(self.clone().carry_out(profile.clone()).in_current_span());
        let broke_off =
            |_| Err(Arc::new(ReadError::Store(Error::internal("the reading of a catalog was interrupted"))));
        let reading = task.map(move |done| done.unwrap_or_else(broke_off)).boxed().shared();
        state.readings.insert(profile.id, (profile.clone(), reading.clone()));
        Some(reading)
    }

    async fn carry_out(self, profile: DbProfile) -> Result<(), Arc<ReadError>> {
        let read = async {
            // The semaphore is never closed.
            let _turn = self.turns.acquire().await;
            read_whole(&self.ports, &profile).await
        };
        let panicked = |_| Err(ReadError::Store(Error::internal("the reading of a catalog panicked")));
        let done = AssertUnwindSafe(read).catch_unwind().await.unwrap_or_else(panicked);
        let mut state = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if state.readings.get(&profile.id).is_some_and(|(read, _)| read.same_database(&profile)) {
            state.readings.remove(&profile.id);
        }
        match &done {
            Ok(()) => drop(state.failed.remove(&profile.id)),
            Err(error) => {
                tracing::warn!(db_profile = profile.name, %error, "a catalog could not be read");
                state.failed.insert(profile.id, Instant::now());
            }
        }
        done.map_err(Arc::new)
    }
}

/// Reads a profile's whole catalog: of its pinned database, or else of the one in its URL.
///
/// # Errors
/// Returns [`ReadError`]. What was read before the error stays in the index.
async fn read_whole(ports: &Ports, profile: &DbProfile) -> Result<(), ReadError> {
    let target = ports.targets.open(profile)?;
    let (target, store): (&dyn Target, _) = (target.as_ref(), &ports.store);
    let pinned = profile.pinned_database.as_deref();
    let schemas = target.schemas(pinned).await?;
    let mut database: Option<Option<String>> = None;
    for schema in &schemas {
        let tables = target.tables(pinned, &schema.name).await?;
        // A partition is found through its parent, unless a run has described it as a table.
        let (partitions, tables): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| table.partition_of.is_some());
        let mut names: Vec<String> = tables.into_iter().map(|table| table.name).collect();
        for names in names.chunks(TABLES_AT_ONCE) {
            let details = target.details(pinned, &schema.name, names).await?;
            let details: Vec<Arc<TableDetail>> = details.into_iter().map(Arc::new).collect();
            if let Some(first) = details.first() {
                database.get_or_insert_with(|| first.database.clone());
            }
            store.index_tables(profile, &details).await?;
        }
        let database = database.clone().unwrap_or_else(|| profile.pinned_database.clone());
        names.extend(partitions.into_iter().map(|table| table.name));
        store.retain_tables(profile, database.as_deref(), &schema.name, &names).await?;
    }
    match database {
        Some(database) => store.index_schemas(profile, database.as_deref(), &schemas).await?,
        None => store.catalog_is_empty(profile).await?,
    }
    store.catalog_read(profile, ports.clock.now()).await?;
    Ok(())
}
