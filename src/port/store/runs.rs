//! Runs, their rows and their events.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;

use crate::domain::{
    Result,
    clock::Moment,
    event::{RunEvent, RunEventType},
    filter::{RunFilter, RunOrder},
    id::RunId,
    page::{Page, PageRequest},
    run::{NewRun, Row, Run, RunEdit},
    status::{RunKind, RunStatus},
};

/// What happens to a run, applied inside the store's transaction.
pub type Change = Box<dyn FnOnce(&mut RunEdit) -> Result<()> + Send>;

/// A client's promise that two requests are the same one.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// What tells one input from another.
    pub fingerprint: String,
}

/// Runs, their rows and their events.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Records runs as QUEUED with event 1 each, all or none. A run with a question gets its turn, and a session unless
    /// the question names one. With a known key and the same fingerprint it records nothing and returns the runs of
    /// that key.
    ///
    /// # Errors
    /// `Conflict` for a known key with another fingerprint, or where the session's question before is still being
    /// answered; `NotFound` for an unknown session; `LimitExceeded` if the caller would have more queued runs than
    /// allowed.
    async fn create_runs(&self, runs: Vec<NewRun>, idempotency: Option<Idempotency>, at: Moment) -> Result<Vec<Run>>;

    /// Changes one run in one transaction: reads it, applies the change, writes the run, new rows, outcomes with
    /// their suggestions, and events. `fence` is the attempt number of the caller's claim.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the run is in another attempt than `fence`; `LimitExceeded` where it would go back
    /// into the queue and its starter has as many there as one may; what the change returns.
    async fn change_run(&self, id: RunId, fence: Option<i32>, at: Moment, change: Change) -> Result<Run>;

    /// Claims a waiting run for a worker: a QUEUED one, or one that is APPLYING without a worker. Takes the oldest run
    /// of the caller with the fewest running runs.
    async fn claim_next(&self, worker_id: &str, at: Moment, lease: Duration) -> Result<Option<Run>>;

    /// Renews a worker's leases on the runs it works on, and its own sign of life.
    async fn renew(&self, worker_id: &str, runs: &[RunId], at: Moment, lease: Duration) -> Result<()>;

    /// The runs that a key has given before; `None` for a new key.
    ///
    /// # Errors
    /// `Conflict` for a known key with another fingerprint, or whose runs were deleted.
    async fn runs_of_key(&self, idempotency: &Idempotency) -> Result<Option<Vec<Run>>>;

    /// Runs at work whose lease has run out at `at`.
    async fn orphans(&self, at: Moment) -> Result<Vec<RunId>>;

    /// Runs by key; unknown ones are missing.
    async fn runs_by_id(&self, ids: &[RunId]) -> Result<HashMap<RunId, Run>>;

    /// One page of the list.
    async fn runs_page(&self, filter: &RunFilter, order: RunOrder, page: &PageRequest) -> Result<Page<Run>>;

    /// How many runs pass.
    async fn runs_count(&self, filter: &RunFilter) -> Result<i64>;

    /// Runs per kind that pass without the filter's kinds; kinds without runs are missing.
    async fn kind_counts(&self, filter: &RunFilter) -> Result<HashMap<RunKind, i64>>;

    /// Runs per status that pass without the filter's statuses; statuses without runs are missing.
    async fn status_counts(&self, filter: &RunFilter) -> Result<HashMap<RunStatus, i64>>;

    /// The keys of all runs that pass and are in one of these statuses, ascending.
    async fn run_ids(&self, filter: &RunFilter, statuses: &[RunStatus]) -> Result<Vec<RunId>>;

    /// Deletes runs with all that belongs to them, all or none.
    ///
    /// # Errors
    /// `NotFound` for an unknown run, `Conflict` for a live one, each naming it.
    async fn delete_runs(&self, ids: &[RunId]) -> Result<()>;

    /// The next rows without an outcome, by position.
    async fn pending_rows(&self, id: RunId, after_position: i32, limit: u64) -> Result<Vec<Row>>;

    /// Events after a sequence number, in order, at most `limit`.
    async fn events_after(&self, id: RunId, after: i32, limit: u64) -> Result<Vec<RunEvent>>;

    /// One page of a run's events.
    async fn events_page(
        &self,
        id: RunId,
        types: Option<&[RunEventType]>,
        page: &PageRequest,
    ) -> Result<Page<RunEvent>>;
}
