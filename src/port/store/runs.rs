//! Runs, their rows and their events.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;

use crate::domain::{
    Result,
    clock::Moment,
    event::{RunEvent, RunEventType},
    filter::{RunFilter, RunOrder},
    id::RunId,
    page::{Page, PageEnds, PageRequest},
    retention::{PruneCounts, PruneOrder},
    run::{CellPage, NewRun, Row, Run, RunColumn, RunCounts, RunEdit},
    status::RunStatus,
};

/// A change of a run, applied inside the store's transaction.
pub type Change = Box<dyn FnOnce(&mut RunEdit) -> Result<()> + Send>;

/// A step of a prune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneStep {
    /// Number of deleted runs; 0 if a large run has only become smaller.
    pub deleted: usize,
    /// The key after which the next step continues.
    pub last: RunId,
}

/// The queue of runs, and the leases on those that workers hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// Since when the oldest queued run has waited.
    pub waiting_since: Option<Moment>,
    /// When the first lease ends.
    pub lease_ends: Option<Moment>,
}

/// An idempotency key: a client's promise that two requests are the same one.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// Identifies the input, to detect a key that is reused for another request.
    pub fingerprint: String,
}

/// Runs, their rows and their events.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Records runs as QUEUED with event 1 each, all or none. A run with a question gets its turn, and a session unless
    /// the question names one. If the idempotency key is known and the fingerprint is the same, records nothing and
    /// returns the earlier runs.
    ///
    /// # Errors
    /// Returns `Conflict` for a known key with another fingerprint, or if the session's previous question is still
    /// being answered; `NotFound` for an unknown session; and `LimitExceeded` if the caller would have more queued runs
    /// than allowed.
    async fn create_runs(&self, runs: Vec<NewRun>, idempotency: Option<Idempotency>, at: Moment) -> Result<Vec<Run>>;

    /// Changes one run in one transaction: reads it, applies the change, and writes the run, new rows, outcomes with
    /// their suggestions, and events. `fence` is the attempt number of the caller's claim.
    ///
    /// # Errors
    /// Returns `NotFound`, `Conflict` if the run is in another attempt than `fence`, `LimitExceeded` if the run would
    /// return to a queue in which its starter has the maximum number of runs, and the error of the change.
    async fn change_run(&self, id: RunId, fence: Option<i32>, at: Moment, change: Change) -> Result<Run>;

    /// Claims a waiting run for a worker, or one of `only`: a QUEUED one, or one that is APPLYING without a worker.
    /// Takes the oldest run of the caller with the fewest running runs.
    async fn claim_next(
        &self,
        worker_id: &str,
        only: Option<&[RunId]>,
        at: Moment,
        lease: Duration,
    ) -> Result<Option<Run>>;

    /// Renews a worker's leases on the runs that it executes, and records that the worker is alive.
    async fn renew(&self, worker_id: &str, runs: &[RunId], at: Moment, lease: Duration) -> Result<()>;

    /// Returns the runs that were created with an idempotency key; `None` for a new key.
    ///
    /// # Errors
    /// Returns `Conflict` for a known key with another fingerprint, or if its runs were deleted.
    async fn runs_of_key(&self, idempotency: &Idempotency) -> Result<Option<Vec<Run>>>;

    /// Returns the runs held by a worker whose lease has expired at `at`.
    async fn orphans(&self, at: Moment) -> Result<Vec<RunId>>;

    /// Returns runs by key; unknown ones are missing.
    async fn runs_by_id(&self, ids: &[RunId]) -> Result<HashMap<RunId, Run>>;

    /// Returns one page of the list.
    async fn runs_page(&self, filter: &RunFilter, order: RunOrder, page: &PageRequest) -> Result<Page<Run>>;

    /// Returns one page of the list with only these columns, in their order, then the parts of the cursor. What
    /// is not asked of its `ends` may be false.
    async fn run_cells(
        &self,
        filter: &RunFilter,
        order: RunOrder,
        page: &PageRequest,
        columns: &[RunColumn],
        ends: PageEnds,
    ) -> Result<CellPage>;

    /// Returns the number of runs that pass the filter.
    async fn runs_count(&self, filter: &RunFilter) -> Result<i64>;

    /// Counts the runs that pass the filter, its kinds and statuses ignored, by kind and status.
    async fn run_counts(&self, filter: &RunFilter) -> Result<RunCounts>;

    /// Returns the keys of all runs that pass the filter and have one of these statuses, ascending.
    async fn run_ids(&self, filter: &RunFilter, statuses: &[RunStatus]) -> Result<Vec<RunId>>;

    /// Deletes runs with everything that belongs to them, all or none.
    ///
    /// # Errors
    /// Returns `NotFound` for an unknown run and `Conflict` for a live one; the error names it.
    async fn delete_runs(&self, ids: &[RunId]) -> Result<()>;

    /// Counts the runs that an order selects.
    async fn prune_counts(&self, order: &PruneOrder) -> Result<PruneCounts>;

    /// Deletes the next runs that an order selects, by key after `after`, or a part of one, in a small transaction.
    /// Returns `None` if none are left.
    async fn prune_step(&self, order: &PruneOrder, after: RunId) -> Result<Option<PruneStep>>;

    /// Returns what the queue and the leases look like.
    async fn queue(&self) -> Result<Queue>;

    /// Returns the next rows without an outcome, by position.
    async fn pending_rows(&self, id: RunId, after_position: i32, limit: u64) -> Result<Vec<Row>>;

    /// Returns at most `limit` events after a sequence number, in order.
    async fn events_after(&self, id: RunId, after: i32, limit: u64) -> Result<Vec<RunEvent>>;

    /// Returns one page of a run's events.
    async fn events_page(
        &self,
        id: RunId,
        types: Option<&[RunEventType]>,
        page: &PageRequest,
    ) -> Result<Page<RunEvent>>;
}
