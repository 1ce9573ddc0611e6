//! The runs that the pool of a command may claim: those that the command waits for.
//!
//! The rule: a command executes nothing that it did not start and does not follow. All other runs stay in the queue for
//! the next server.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

use crate::domain::id::RunId;

/// A set of runs that grows.
#[derive(Debug, Default)]
pub struct Chosen {
    runs: Mutex<HashSet<RunId>>,
    grown: Notify,
}

impl Chosen {
    /// Adds a run.
    pub fn add(&self, id: RunId) {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        self.grown.notify_one();
    }

    /// Returns the runs.
    pub fn ids(&self) -> Vec<RunId> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Waits until a run is added. Only one caller may wait.
    pub async fn grown(&self) {
        self.grown.notified().await;
    }
}
