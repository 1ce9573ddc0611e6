//! Work that goes on by itself: which runs this process works on, the loop that takes, keeps and ends them, and the
//! one that starts runs by schedule.
//!
//! The rule: the registry holds what runs in this process and nothing else; status lives in the store. Pool and
//! scheduler are nudged and also wake by themselves, so that a lost nudge costs seconds and never a run.

pub mod pool;
pub mod registry;
pub mod scheduler;

pub use pool::{Pool, PoolSettings};
pub use scheduler::{Scheduler, SchedulerSettings};

use crate::domain::Error;

/// Logs what the store said to what a clock wakes. While it cannot be used, it has said so itself.
fn complain(error: &Error, what: &str) {
    match error {
        Error::Unavailable { .. } => tracing::debug!(%error, "{what}"),
        error => tracing::error!(error = error as &dyn std::error::Error, "{what}"),
    }
}
