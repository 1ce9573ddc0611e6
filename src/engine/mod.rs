//! What all kinds of runs share: the run's context, and the pipeline that describes tables.
//!
//! A run reads and records only through `context`. `walk` resolves a scope, `bound` checks that a database is the one
//! that the run describes, and `indexing` passes catalogs to the search index. `tables` drives the pipeline: it reads
//! (`container`, `groups`), asks the model (`describing`, `sending`, within `throttle` and `budget`), and records what
//! it waits for (`waits`) and what it could not read (`warnings`).
//!
//! The rule: nothing here depends on a kind.

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

/// The end of a run's work.
#[derive(Debug)]
pub enum Ending {
    /// It enters this status.
    Finished(RunStatus, Option<RunError>),
    /// All rows are done, and their suggestions are applied at once (`RUN_APPLY`, AUTO schedules).
    Described,
    /// Comments were written, or a cancel stopped the rest; the rule of applies gives the next status.
    Written,
    /// The server stops: the run goes back into the queue.
    Released,
}

/// The reason why a run's work stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// A budget is spent or the provider stayed away: `resumeRun` can go on.
    #[error("paused: {}", .0.message)]
    Paused(RunError),
    /// Something that every row needs is gone.
    #[error("failed: {}", .0.message)]
    Failed(RunError),
    /// The server stops while the work waited for something.
    #[error("the server is stopping")]
    Stopped,
    /// The store did not take a record: the claim was lost, or a fault.
    #[error(transparent)]
    Store(#[from] Error),
}
