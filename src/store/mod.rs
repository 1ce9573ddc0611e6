//! The store, on sea-orm.
//!
//! The rules:
//! - A change is one transaction, and its nudges are sent after the commit.
//! - Every write goes through `transaction.rs` and every read through `SqlStore::read`. Writes of a process share one
//!   connection. A transaction takes the write lock when it begins, so no statement finds the database locked, and
//!   nothing changes between what it reads and what it writes, not even by other processes.
//! - Queries are built, never written as text. What differs between databases is in `dialect/`; how each is connected
//!   to is in `address.rs`.
//!
//! To add a family of records, add an entity and a migration, then follow the steps in `port/store/mod.rs`.

mod address;
mod apply_plan;
mod applying;
mod ask;
mod audit;
mod backup;
mod catalog;
mod catalog_search;
mod cells;
mod chain;
mod comparisons;
mod condition;
mod connection;
mod copy;
mod deciding;
mod dialect;
mod displaced;
mod events;
mod examine;
mod facets;
mod full_text;
mod identity;
mod imports;
mod items;
mod judging;
pub mod key;
mod keyset;
mod nudges;
mod open;
mod profiles;
mod prune;
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
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, QueryResult, TryGetable, sea_query::SelectStatement,
};

use crate::{
    domain::{Error, Result},
    port::{bus::Bus, store::Store},
};

pub use backup::{BackupError, Written, back_up, restore};
use condition::Condition;
use connection::Fitted;
pub use copy::{CopiedTable, CopyError, copy};
pub use examine::{Examined, examine};
pub use open::{Found, OpenError, forget, inspect, migrate, open, open_without_key, place, reseal};
pub use seal::{Forgotten, SealKey, WeakKey};
use transaction::Writer;
use trouble::DbResult as _;

/// Gloss's records in a SQL database. Cheap to clone.
#[derive(Clone)]
pub struct SqlStore {
    writer: Writer,
    readers: Fitted<DatabaseConnection>,
    /// Connections for lists of cells; `None` if they cannot be opened.
    reader: Option<cells::Reader>,
    facets: facets::Facets,
    condition: Arc<Condition>,
    bus: Arc<dyn Bus>,
    name: Arc<str>,
    statements: Arc<AtomicU64>,
    planner: run_plan::Planner,
    /// The key that seals secrets; `None` if the store was opened without it.
    seal: Option<Arc<SealKey>>,
    /// Maximum number of runs that one starter may have in the queue.
    queue_limit: i64,
}

impl std::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlStore").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SqlStore {
    /// Returns the identity of the store's database on PostgreSQL, and `None` on SQLite.
    ///
    /// # Errors
    /// Returns an error if the server does not answer the query.
    pub async fn identity(&self) -> crate::domain::Result<Option<crate::domain::identity::Identity>> {
        dialect::identity(&self.readers.bare).await.db()
    }

    /// Sets the number of runs up to which a page is sorted; above it an index is walked. A test sets it to 0 to make a
    /// small store take the path of a large one.
    #[must_use]
    pub fn sorting_at_most(mut self, few: u64) -> Self {
        self.planner = run_plan::Planner::sorting_at_most(few);
        self
    }

    /// Sets the maximum number of runs that one starter may have in the queue.
    #[must_use]
    pub const fn queueing_at_most(mut self, runs: i64) -> Self {
        self.queue_limit = runs;
        self
    }

    /// Closes all connections. The store must no longer be in use. On SQLite this moves the write-ahead log into the
    /// store's file. If another file has taken the store's place, that file is left untouched.
    pub async fn close(self) -> Result<()> {
        if !self.condition.may_be_closed() {
            return Ok(());
        }
        if let Some(reader) = &self.reader {
            reader.close().await;
        }
        self.readers.bare.close_by_ref().await.db()?;
        self.writer.close().await
    }

    /// Returns the key that seals secrets, or `Unavailable` if the store was opened without it.
    fn seal(&self) -> Result<&SealKey> {
        let none = || Error::unavailable("this command has no key for the store's secrets; start a server instead");
        self.seal.as_deref().ok_or_else(none)
    }

    /// The connections for single read statements.
    const fn read(&self) -> &Fitted<DatabaseConnection> {
        &self.readers
    }
}

/// Returns all rows of a query.
async fn all<M: FromQueryResult>(connection: &impl ConnectionTrait, query: &SelectStatement) -> Result<Vec<M>> {
    let rows = connection.query_all(query).await.db()?;
    rows.iter().map(|row| M::from_query_result(row, "")).collect::<Result<_, DbErr>>().db()
}

/// Returns the first column of a query's only row, or 0 if there is no row.
async fn number(connection: &impl ConnectionTrait, query: &SelectStatement) -> Result<i64> {
    let row = connection.query_one(query).await.db()?;
    Ok(row.map(|row| nth(&row, 0)).transpose()?.unwrap_or_default())
}

/// Returns the value of a row's column, counted from 0.
fn nth<T: TryGetable>(row: &QueryResult, column: usize) -> Result<T> {
    row.try_get_by_index(column).db()
}

/// Groups values by key.
fn grouped<K: std::hash::Hash + Eq, V>(pairs: impl IntoIterator<Item = (K, V)>) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
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
