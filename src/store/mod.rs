//! The store on sea-orm.
//!
//! The rules: a change is one transaction, and its nudges follow the commit. Every write goes through `transaction.rs`,
//! every read through `SqlStore::read`; the former is one connection, which on SQLite takes the write lock at once, so
//! that no statement ever finds the database locked, and on PostgreSQL holds the lock by which one process has the
//! store. Queries are built, never written as text; what one database needs otherwise than the rest is in `dialect/`,
//! how each is reached in `address.rs`. To add a family of records: an entity, a migration, the steps in
//! `port/store/mod.rs`.

mod address;
mod apply_plan;
mod applying;
mod ask;
mod audit;
mod catalog;
mod catalog_search;
mod chain;
mod comparisons;
mod condition;
mod connection;
mod deciding;
mod dialect;
mod events;
mod full_text;
mod identity;
mod items;
mod keyset;
mod nudges;
mod open;
mod profiles;
mod ratings;
mod record;
mod review;
mod run_list;
mod run_plan;
mod runs;
mod schedules;
mod seal;
mod settle;
mod suggestions;
mod tokens;
mod transaction;
mod trouble;
mod usage;
mod workers;
mod write;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, sea_query::SelectStatement};

use crate::{
    domain::{Error, Result},
    port::{bus::Bus, store::Store},
};

use condition::Condition;
use connection::Fitted;
pub use open::{Found, OpenError, forget, inspect, migrate, open, open_without_key, place, reseal};
pub use seal::{Forgotten, SealKey, WeakKey};
use transaction::Writer;

/// Gloss's records in a SQL database. Cheap to clone.
#[derive(Clone)]
pub struct SqlStore {
    writer: Writer,
    readers: Fitted<DatabaseConnection>,
    condition: Arc<Condition>,
    bus: Arc<dyn Bus>,
    name: Arc<str>,
    statements: Arc<AtomicU64>,
    few: u64,
    /// What secrets are sealed with; `None` where the store was opened without its key.
    seal: Option<Arc<SealKey>>,
    /// Runs that one starter may have in the queue.
    queue_limit: i64,
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlStore").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SqlStore {
    /// Which database the store is, where it is one of PostgreSQL.
    ///
    /// # Errors
    /// Where the server does not tell.
    pub async fn identity(&self) -> crate::domain::Result<Option<crate::domain::identity::Identity>> {
        Ok(dialect::identity(&self.readers.bare).await?)
    }

    /// The same store with another limit of runs that are sorted for a page; above it an index is walked. A
    /// test sets it to 0 to see a small store do what a large one does.
    #[must_use]
    pub const fn sorting_at_most(mut self, few: u64) -> Self {
        self.few = few;
        self
    }

    /// The same store with another limit of runs that one starter may have in the queue.
    #[must_use]
    pub const fn queueing_at_most(mut self, runs: i64) -> Self {
        self.queue_limit = runs;
        self
    }

    /// Closes all connections, once nothing uses the store any more. What lies beside a store's file then is in it.
    /// Where another file has taken its place, that one is left alone.
    pub async fn close(self) -> Result<()> {
        if !self.condition.may_be_closed() {
            return Ok(());
        }
        self.readers.bare.close_by_ref().await?;
        self.writer.close().await
    }

    /// What secrets are sealed with.
    fn seal(&self) -> Result<&SealKey> {
        let none = || Error::unavailable("this command has no key for the store's secrets; start a server instead");
        self.seal.as_deref().ok_or_else(none)
    }

    /// Where single statements read.
    const fn read(&self) -> &Fitted<DatabaseConnection> {
        &self.readers
    }
}

/// All rows of a query.
async fn all<M: FromQueryResult>(connection: &impl ConnectionTrait, query: &SelectStatement) -> Result<Vec<M>> {
    let rows = connection.query_all(query).await?;
    Ok(rows.iter().map(|row| M::from_query_result(row, "")).collect::<Result<_, DbErr>>()?)
}

/// The first column of a query's only row.
async fn number(connection: &impl ConnectionTrait, query: &SelectStatement) -> Result<i64> {
    let row = connection.query_one(query).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Rows by the key of what they belong to.
fn grouped<K: std::hash::Hash + Eq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        trouble::trouble(&error).map_or_else(|| Self::internal(error), Self::from)
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn prove(&self) -> Result<()> {
        seal::is_there(self.read()).await?;
        self.transact(|transaction| async move {
            seal::prove(&transaction).await?;
            transaction.commit().await
        })
        .await
    }

    fn name(&self) -> String {
        self.name.to_string()
    }

    fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }
}
