//! What a run does: one file per kind of run, and what becomes of it later: writing, and what a schedule starts.
//!
//! The rule: a kind sees the world through [`RunContext`] and records all that it does through it. It may be stopped at
//! any await and started again later: what is recorded is done, the rest is not. What kinds share is in `engine/`. To
//! add a kind, write `kind/x.rs` with a type that implements [`Kind`] and add its line to [`of`].

pub mod analyze;
pub mod apply;
pub mod ask;
pub mod doubt;
pub mod firing;
pub mod generate;
pub mod rerun;

use async_trait::async_trait;

use crate::{
    domain::status::RunKind,
    engine::{Ending, Halt, context::RunContext},
};

/// A kind of run.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Does the work of one claim. Leaves early when the context's `stop` is tripped; is dropped when its
    /// `cancel` is.
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt>;
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
