//! Kinds of runs, one file each, and what runs lead to: `apply` writes comments, `doubt` settles interrupted writes,
//! and `firing` starts runs by schedule.
//!
//! The rules: a kind reads and records only through [`RunContext`]. It may be stopped at any await and started again
//! later: what was recorded is done, everything else is not. What kinds share is in `engine/`.
//!
//! To add a kind, write `kind/x.rs` with a type that implements [`Kind`] and add its line to [`of`].

pub mod analyze;
pub mod apply;
pub mod ask;
pub mod doubt;
pub mod firing;
pub mod generate;
pub mod judge;
pub mod rerun;

use async_trait::async_trait;

use crate::{
    domain::status::RunKind,
    engine::{Ending, Halt, context::RunContext},
};

/// A kind of run.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Does the work of one claim. Returns early when the context's `stop` is tripped. The future is dropped when
    /// `cancel` is tripped.
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt>;
}

/// Returns the implementation of a kind, or `None` if this version has none.
pub fn of(kind: RunKind) -> Option<&'static dyn Kind> {
    match kind {
        RunKind::Analyze | RunKind::Schedule => Some(&analyze::Analyze),
        RunKind::Rerun => Some(&rerun::Rerun),
        RunKind::Generate => Some(&generate::Generate),
        RunKind::Ask => Some(&ask::Ask),
        RunKind::Judge => Some(&judge::Judge),
    }
}
