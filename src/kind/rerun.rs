//! RERUN and VARIATIONS: repeats chosen suggestions.
//!
//! The rule: the rows are recorded with the run, each with the suggestion that it repeats; the table pipeline adds the
//! previous texts to its requests. Comments that were added meanwhile do not matter, because the suggestions were
//! chosen explicitly.

use async_trait::async_trait;

use super::Kind;
use crate::engine::{Ending, Halt, context::RunContext, tables::Work};

/// Repeats chosen suggestions.
pub struct Rerun;

#[async_trait]
impl Kind for Rerun {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        Work::open(context).await?.describe_pending(std::future::ready(())).await
    }
}
