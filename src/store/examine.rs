//! Examines a store for `gloss doctor`.
//!
//! The rule: it only reads. It creates, migrates, recovers and clears nothing, whatever state the store is in.

use std::sync::{Arc, atomic::AtomicU64};

use entity::run;
use migration::SchemaManager;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QuerySelect};

use super::{
    SqlStore,
    address::{Address, Inspection},
    connection::Fitted,
    dialect,
    facets::Facets,
    open::{Found, OpenError, address, inspect_open, told},
    run_plan,
    seal::{self, Forgotten, SealKey},
    transaction::Writer,
};
use crate::{domain::clock::Moment, port::bus::Bus};

/// A store that was examined.
pub struct Examined {
    /// What an inspection found.
    pub found: Found,
    /// The database's name and version.
    pub name: String,
    /// The database's first complaint about its own content.
    pub damage: Option<String>,
    /// The first row that refers to a missing one.
    pub broken_reference: Option<String>,
    /// When the last run was created.
    pub last: Option<Moment>,
    connection: DatabaseConnection,
}

/// Examines a store; returns `None` if there is none yet. `in_use` says that a server uses it.
///
/// # Errors
/// Returns the [`OpenError`] that opening would return, except for a wrong key.
pub async fn examine(url: &str, in_use: bool) -> Result<Option<Examined>, OpenError> {
    let address = address(url)?;
    let how = if in_use { Inspection::InUse } else { Inspection::Reading };
    let Some(connection) = address.open_for_inspection(how).await.map_err(|error| told(&address, error))? else {
        return Ok(None);
    };
    let examined = examine_open(&address, connection).await.map_err(|error| told(&address, error))?;
    Ok(Some(examined).filter(|examined| !examined.found.is_empty()))
}

async fn examine_open(address: &Address, connection: DatabaseConnection) -> Result<Examined, OpenError> {
    let found = inspect_open(address, &connection).await?;
    let name = dialect::name(&connection).await?;
    let damage = dialect::damage(&connection).await?;
    let broken_reference = if damage.is_none() { dialect::broken_reference(&connection).await? } else { None };
    let mut last = None;
    if !found.is_empty() && found.pending() == 0 {
        let newest = run::Entity::find().select_only().column_as(run::Column::CreatedAt.max(), "last");
        let newest: Option<Option<i64>> = newest.into_tuple().one(&connection).await?;
        last = newest.flatten().and_then(Moment::from_timestamp_millis);
    }
    Ok(Examined { found, name, damage, broken_reference, last, connection })
}

impl Examined {
    /// Returns what is wrong with the content.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.damage.clone().or_else(|| self.broken_reference.clone())
    }

    /// Returns the number of runs; 0 in a store that is older than runs.
    ///
    /// # Errors
    /// Returns an [`OpenError`] if they cannot be counted.
    pub async fn runs(&self) -> Result<u64, OpenError> {
        if !SchemaManager::new(&self.connection).has_table("run").await? {
            return Ok(0);
        }
        Ok(run::Entity::find().count(&self.connection).await?)
    }

    /// Returns the secrets that the key does not open, by the profiles that they belong to.
    ///
    /// # Errors
    /// Returns an [`OpenError`] if they cannot be read.
    pub async fn unopened(&self, key: &SealKey) -> Result<Forgotten, OpenError> {
        seal::unopened(&self.connection, key).await
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// Returns an [`OpenError`] if that fails.
    pub async fn close(self) -> Result<(), OpenError> {
        Ok(self.connection.close().await?)
    }

    /// Returns the store for reading. Every write fails.
    #[must_use]
    pub fn reading(self, bus: Arc<dyn Bus>, key: Option<SealKey>) -> SqlStore {
        let condition = Arc::default();
        SqlStore {
            writer: Writer::new(self.connection.clone(), Arc::clone(&condition)),
            readers: Fitted::new(self.connection, Arc::clone(&condition)),
            reader: None,
            facets: Facets::default(),
            condition,
            bus,
            name: self.name.into(),
            statements: Arc::new(AtomicU64::new(0)),
            planner: run_plan::Planner::default(),
            seal: key.map(Arc::new),
            queue_limit: i64::MAX,
        }
    }
}
