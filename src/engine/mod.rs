//! What all kinds of runs share: the run's context, and the pipeline that describes tables.
//!
//! A run reads and records only through `context`. `walk` resolves a scope, `bound` checks that a database is the one
//! that the run describes, and `indexing` passes catalogs to the search index. `tables` drives the pipeline: it reads
//! (`container`, `groups`), calls the model (`describing`, `sending`, within `throttle` and `budget`) until it has to
//! stop (`closing`), and records what it waits for (`waits`) and what it could not read (`warnings`).
//!
//! The rule: nothing here depends on a kind. A new kind goes into `kind/`.

pub mod bound;
pub mod budget;
pub mod closing;
pub mod container;
pub mod context;
pub mod describing;
pub mod groups;
pub mod indexing;
pub mod lineage;
mod neighbours;
pub mod sending;
pub mod tables;
pub mod throttle;
pub mod waits;
pub mod walk;
pub mod warnings;

use crate::domain::{Error, run::RunError, status::RunStatus};

/// How a run's work ended.
#[derive(Debug)]
pub enum Ending {
    /// The run enters this status.
    Finished(RunStatus, Option<RunError>),
    /// All rows are done, and the run applies their suggestions immediately (`RUN_APPLY`, AUTO schedules).
    Described,
    /// Comments were written, or a cancel stopped the rest. The rule of applies determines the next status.
    Written,
    /// The server is stopping; the run goes back to the queue.
    Released,
}

/// Why a run's work stopped early.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// A budget is spent, or the provider was down for too long. `resumeRun` can continue the run.
    #[error("paused: {}", .0.message)]
    Paused(RunError),
    /// Something that every row needs is missing.
    #[error("failed: {}", .0.message)]
    Failed(RunError),
    /// The server is stopping, or the run was cancelled, while the work waited.
    #[error("the server is stopping, or the run was cancelled")]
    Interrupted,
    /// The store refused a record: the claim was lost, or the store failed.
    #[error(transparent)]
    Store(#[from] Error),
}
