//! Takes catalogs into the index that search and questions use.
//!
//! The rule: a run gives the index what it reads anyway and reads nothing twice. A profile that no run has read whole
//! is read by the first search or question over it, schema by schema, some tables at a time, so that memory does not
//! grow with the catalog. What could not be indexed costs a search something, never a run.

use std::{collections::HashMap, sync::Arc};

use super::walk::Walked;
use crate::{
    domain::{Result, catalog::TableDetail, id::DbProfileId, profile::DbProfile, scope::RunScope},
    port::{
        Ports,
        store::Store,
        target::{Target, TargetError},
    },
};

/// Tables that are recorded in one transaction.
const TABLES_AT_ONCE: usize = 50;

/// Takes in what a run's walk has read; what the walk has seen to be gone is removed.
pub async fn take_walk(ports: &Ports, profile: DbProfileId, scope: &RunScope, walked: &Walked) {
    if let Err(error) = take_walked(ports, profile, scope, walked).await {
        tracing::warn!(%error, "a catalog was read but not indexed");
    }
}

async fn take_walked(ports: &Ports, profile: DbProfileId, scope: &RunScope, walked: &Walked) -> Result<()> {
    let store = &ports.store;
    let tables: Vec<Arc<TableDetail>> = walked.visits.iter().map(|visit| Arc::clone(&visit.table)).collect();
    for tables in tables.chunks(TABLES_AT_ONCE) {
        store.index_tables(profile, tables).await?;
    }
    // A database without a single table does not tell how its paths are spelled.
    let Some(first) = tables.first() else { return Ok(()) };
    let database = first.database.as_deref();
    let mut of_schemas: HashMap<&str, Vec<String>> = HashMap::new();
    for table in &tables {
        of_schemas.entry(table.schema.as_str()).or_default().push(table.table.name.clone());
    }
    store.index_schemas(profile, database, &walked.schemas, true).await?;
    let everything = scope.schemas.is_empty();
    for schema in &walked.schemas {
        let named = || scope.schemas.iter().any(|named| named.name == schema.name && named.tables.is_empty());
        if everything || named() {
            let tables = of_schemas.remove(schema.name.as_str()).unwrap_or_default();
            store.keep_tables(profile, database, &schema.name, &tables).await?;
        }
    }
    if everything && scope.database.is_none() {
        store.catalog_read(profile, ports.clock.now()).await?;
    }
    Ok(())
}

/// Takes in tables that a run has read one by one.
pub async fn take_tables(store: &dyn Store, profile: Option<DbProfileId>, tables: &[Arc<TableDetail>]) {
    let Some(profile) = profile else { return };
    if let Err(error) = store.index_tables(profile, tables).await {
        tracing::warn!(%error, "tables were read but not indexed");
    }
}

/// Why a catalog could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The store.
    #[error(transparent)]
    Store(#[from] crate::domain::Error),
}

/// Reads a profile's catalog whole: its pinned database, else the one that its URL names.
///
/// # Errors
/// [`ReadError`]; what was read before stays in the index.
pub async fn read_whole(ports: &Ports, profile: &DbProfile) -> Result<(), ReadError> {
    let target = ports.targets.open(profile)?;
    let (target, store): (&dyn Target, _) = (target.as_ref(), &ports.store);
    let pinned = profile.pinned_database.as_deref();
    let schemas = target.schemas(pinned).await?;
    let mut database: Option<Option<String>> = None;
    for schema in &schemas {
        let tables = target.tables(pinned, &schema.name).await?;
        let names: Vec<String> = tables.into_iter().map(|table| table.name).collect();
        for names in names.chunks(TABLES_AT_ONCE) {
            let details = target.details(pinned, &schema.name, names).await?;
            let details: Vec<Arc<TableDetail>> = details.into_iter().map(Arc::new).collect();
            if let Some(first) = details.first() {
                database.get_or_insert_with(|| first.database.clone());
            }
            store.index_tables(profile.id, &details).await?;
        }
        let database = database.clone().unwrap_or_else(|| profile.pinned_database.clone());
        store.keep_tables(profile.id, database.as_deref(), &schema.name, &names).await?;
    }
    if let Some(database) = database {
        store.index_schemas(profile.id, database.as_deref(), &schemas, true).await?;
    }
    store.catalog_read(profile.id, ports.clock.now()).await?;
    Ok(())
}
