//! The store: Gloss's own records. There is one file and one trait per family of records; [`Store`] combines them.
//!
//! The rule: a change of a run is one transaction, and its nudges are sent after the commit. An implementation holds
//! the bus and sends the nudges itself, so that no caller can forget to.
//!
//! To add a family of records:
//!
//! 1. Add its types to `domain/`: the record, and the input that creates one.
//! 2. Add its table: an entity in `entity/`, a migration in `migration/`.
//! 3. Add its trait in a file here, with a line in the list of modules and one in [`Store`].
//! 4. Implement the trait for `SqlStore` in a file of `store/`. Its writes go through `SqlStore::transact`.
//! 5. Add its tests to `tests/it/store/`, which run on SQLite and PostgreSQL.

mod asks;
mod catalog;
mod comparisons;
mod imports;
mod judging;
mod profiles;
mod reviews;
mod runs;
mod schedules;
mod suggestions;
mod tokens;
mod usage;
mod workers;

pub use asks::AskStore;
pub use catalog::CatalogStore;
pub use comparisons::{ComparisonStore, StoredComparison};
pub use imports::ImportStore;
pub use judging::JudgingStore;
pub use profiles::ProfileStore;
pub use reviews::{PlanPage, ReviewStore};
pub use runs::{Change, Idempotency, PruneStep, Queue, RunStore};
pub use schedules::{ScheduleChange, ScheduleStore};
pub use suggestions::SuggestionStore;
pub use tokens::TokenStore;
pub use usage::{ModelUsage, UsageStore};
pub use workers::{Duty, LEASE, WorkerRecord, WorkerStore};

use async_trait::async_trait;

use crate::domain::Result;

/// The whole store.
#[async_trait]
pub trait Store:
    RunStore
    + SuggestionStore
    + ReviewStore
    + ComparisonStore
    + ProfileStore
    + ScheduleStore
    + TokenStore
    + WorkerStore
    + CatalogStore
    + AskStore
    + ImportStore
    + JudgingStore
    + UsageStore
    + 'static
{
    /// Checks that the store can be read and written, by doing both.
    ///
    /// # Errors
    /// Returns `Unavailable` with the cause and what to do.
    async fn prove(&self) -> Result<()>;

    /// Returns the database's name and version for display: `SQLite 3.50`.
    fn name(&self) -> String;

    /// Returns the number of statements sent since the start.
    fn statements(&self) -> u64;
}
