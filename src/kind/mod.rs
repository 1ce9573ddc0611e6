//! What a run does: one file per kind of run.
//!
//! The rule: a kind sees the world through [`context::RunContext`] and records all that it does through it.
//! It may be stopped at any await and started again later: what is recorded is done, the rest is not.
//! To add a kind, write `kind/x.rs` with a type that implements [`Kind`] and add its line to [`of`].

pub mod analyze;
pub mod apply;
pub mod ask;
pub mod bound;
pub mod budget;
pub mod container;
pub mod context;
pub mod describing;
pub mod doubt;
pub mod firing;
pub mod generate;
pub mod groups;
pub mod indexing;
pub mod rerun;
pub mod sending;
pub mod tables;
pub mod throttle;
mod waits;
pub mod walk;
pub mod warnings;

use async_trait::async_trait;

use crate::domain::{
    Error,
    run::RunError,
    status::{RunKind, RunStatus},
};

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

/// A kind of run.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Does the work of one claim. Leaves early when the context's `stop` is tripped; is dropped when its
    /// `cancel` is.
    async fn work(&self, context: &context::RunContext) -> Result<Ending, Halt>;
}

/// What does the work of a kind; `None` for kinds that this version does not know.
pub fn of(kind: RunKind) -> Option<&'static dyn Kind> {
    match kind {
        RunKind::Analyze | RunKind::Schedule => Some(&analyze::Analyze),
        RunKind::Rerun => Some(&rerun::Rerun),
        RunKind::Generate => Some(&generate::Generate),
        RunKind::Ask => Some(&ask::Ask),
    }
}
