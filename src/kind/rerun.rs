//! RERUN and VARIATIONS: does chosen suggestions again.
//!
//! The rule: the rows are recorded with the run, each with the suggestion that it does again; the table pipeline
//! takes the texts before along. Comments that stand there meanwhile change nothing: whoever chose a suggestion
//! wants it done again.

use async_trait::async_trait;

use super::Kind;
use crate::engine::{Ending, Halt, context::RunContext, tables::Work};

/// Does chosen suggestions again.
pub struct Rerun;

#[async_trait]
impl Kind for Rerun {
    async fn work(&self, context: &RunContext) -> Result<Ending, Halt> {
        Work::open(context).await?.describe_pending().await
    }
}
