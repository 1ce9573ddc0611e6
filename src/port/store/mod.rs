//! The store: where Gloss keeps its own records. One file and one trait per family of records; [`Store`] is all of
//! them.
//!
//! The rule: a change of a run is one transaction, and its nudges follow the commit. An implementation is given the bus
//! and nudges by itself, so that no caller can forget to.
//!
//! To add a family of records:
//!
//! 1. Its words in `domain/`: the record, and what it takes to make one.
//! 2. Its table: an entity in `entity/`, a migration in `migration/`.
//! 3. Its trait in a file here, with a line in the list of modules and one in [`Store`].
//! 4. The trait for `SqlStore` in a file of `store/`, whose writes go through `SqlStore::transact`.
//! 5. Its tests in `tests/it/store/`, which run over SQLite and PostgreSQL.

mod asks;
mod catalog;
mod comparisons;
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
pub use comparisons::{ComparisonStore, KeptComparison};
pub use profiles::ProfileStore;
pub use reviews::{PlanPage, ReviewStore};
pub use runs::{Change, Idempotency, RunStore};
pub use schedules::{ScheduleChange, ScheduleStore};
pub use suggestions::SuggestionStore;
pub use tokens::TokenStore;
pub use usage::{ModelUsage, UsageStore};
pub use workers::{WorkerRecord, WorkerStore};

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
    + UsageStore
    + 'static
{
    /// Reads and writes, and so proves that it can do both.
    ///
    /// # Errors
    /// `Unavailable`, saying what is wrong with the store and what to do.
    async fn prove(&self) -> Result<()>;

    /// What it is, for a person: `SQLite 3.50`.
    fn name(&self) -> String;

    /// Statements sent since the start.
    fn statements(&self) -> u64;
}
