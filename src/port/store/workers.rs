//! The processes that execute runs.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{Result, clock::Moment, run::Run};

/// A process that executes runs.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerRecord {
    /// A random id.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// When it started.
    pub started_at: Moment,
    /// When it last renewed its leases.
    pub last_seen_at: Moment,
    /// Maximum number of concurrent runs.
    pub capacity: i32,
}

/// The processes that execute runs.
#[async_trait]
pub trait WorkerStore: Send + Sync {
    /// Records a worker.
    async fn add_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Removes a worker that stops, and those not seen since `seen_after`.
    async fn remove_workers(&self, id: Option<&str>, seen_after: Moment) -> Result<()>;

    /// Returns all workers, by start.
    async fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// Returns the runs that these workers hold.
    async fn runs_of_workers(&self, ids: &[String]) -> Result<HashMap<String, Vec<Run>>>;
}
