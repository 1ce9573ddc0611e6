//! Background work: the pool claims runs and executes them, and the scheduler starts runs by schedule.
//!
//! The rules: the registry knows only which runs this process executes; their status is in the store. Pool and
//! scheduler react to nudges and also wake periodically, so a lost nudge delays a run by seconds but never loses it.

pub mod chosen;
pub mod pool;
pub mod registry;
pub mod scheduler;

pub use chosen::Chosen;
pub use pool::{Pool, PoolSettings};
pub use scheduler::{Scheduler, SchedulerSettings};

use crate::domain::Error;

/// Logs an error of the store in periodic work. `Unavailable` is logged at debug level, because the store has logged
/// it.
fn complain(error: &Error, what: &str) {
    match error {
        Error::Unavailable { .. } => tracing::debug!(%error, "{what}"),
        error => tracing::error!(error = error as &dyn std::error::Error, "{what}"),
    }
}
