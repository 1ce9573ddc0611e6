//! Processes that work on runs.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{Result, clock::Moment, run::Run};

/// A process that works on runs.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerRecord {
    /// Its id, random.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// When it started.
    pub started_at: Moment,
    /// Its last sign of life.
    pub last_seen_at: Moment,
    /// Runs at once.
    pub capacity: i32,
}

/// Processes that work on runs.
#[async_trait]
pub trait WorkerStore: Send + Sync {
    /// Records a process.
    async fn add_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Forgets a process that leaves, and those not seen since `seen_after`.
    async fn remove_workers(&self, id: Option<&str>, seen_after: Moment) -> Result<()>;

    /// All processes, by start.
    async fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// The runs that these processes hold.
    async fn runs_of_workers(&self, ids: &[String]) -> Result<HashMap<String, Vec<Run>>>;
}
