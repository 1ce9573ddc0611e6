//! What the kinds of runs share: a run's view of the world, and the pipeline that describes tables.
//!
//! `context` is all that a run sees and records through; `walk` finds what a scope holds, `bound` checks that a
//! database is the run's own, `indexing` passes what was read to the search index. `tables` describes: it reads
//! (`container`, `groups`), asks the model (`describing`, by `sending`: through the `throttle`, within the `budget`),
//! and says what it waits for (`waits`) or could not read (`warnings`).
//!
//! The rule: nothing here knows a kind.

pub mod bound;
pub mod budget;
pub mod container;
pub mod context;
pub mod describing;
pub mod groups;
pub mod indexing;
pub mod sending;
pub mod tables;
pub mod throttle;
pub mod waits;
pub mod walk;
pub mod warnings;

use crate::domain::{Error, run::RunError, status::RunStatus};

/// How a run's work came to an end.
#[derive(Debug)]
pub enum Ending {
    /// It enters this status.
    Finished(RunStatus, Option<RunError>),
    /// All rows are done, and what they propose is to be written at once (`RUN_APPLY`, AUTO schedules).
    Described,
    /// Comments were written, or a cancel stopped the rest: the run goes where the rule of applies says.
    Written,
    /// The server stops: the run goes back into the queue.
    Released,
}

/// Why a run's work stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// A budget is spent or the provider stayed away: `resumeRun` can go on.
    #[error("paused: {}", .0.message)]
    Paused(RunError),
    /// What every row needs is gone.
    #[error("failed: {}", .0.message)]
    Failed(RunError),
    /// The server stops while the work waited for something.
    #[error("the server is stopping")]
    Stopped,
    /// The store did not take a record: the claim was lost, or a fault.
    #[error(transparent)]
    Store(#[from] Error),
}
