//! The processes that use the store, and the work that one of them does for all.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;

use crate::domain::{Result, clock::Moment, run::Run};

/// How long a claim is valid without renewal. A process that has not reported for so long counts as dead.
pub const LEASE: Duration = Duration::from_secs(30);

/// Work that one process at a time does for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// To fire schedules.
    Scheduling,
}

/// A process that uses the store.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerRecord {
    /// Its id, random for each start. It begins with the name of its data folder, and a hyphen.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// When it started.
    pub started_at: Moment,
    /// When it last renewed its leases.
    pub last_seen_at: Moment,
    /// Maximum number of concurrent runs; 0 if it executes none.
    pub capacity: i32,
}

/// The processes that use the store, and their duties.
#[async_trait]
pub trait WorkerStore: Send + Sync {
    /// Records a worker.
    async fn add_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Removes a worker that stops, and those not seen since `seen_after`.
    async fn remove_workers(&self, id: Option<&str>, seen_after: Moment) -> Result<()>;

    /// Removes the workers of a data folder, whose processes are gone: their leases expire at once, and their duties
    /// are free.
    async fn remove_workers_of(&self, folder: &str) -> Result<()>;

    /// Takes a duty that is free, or renews the worker's own. Returns whether the worker has the duty for the time of
    /// a lease. With SQLite, there is only one process, which has every duty.
    async fn take_duty(&self, duty: Duty, worker_id: &str, at: Moment) -> Result<bool>;

    /// Leaves a duty, if this worker has it, and nudges those who can take it.
    async fn leave_duty(&self, duty: Duty, worker_id: &str) -> Result<()>;

    /// Returns all workers, by start.
    async fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// Returns the runs that these workers hold.
    async fn runs_of_workers(&self, ids: &[String]) -> Result<HashMap<String, Vec<Run>>>;
}
