//! The query that estimates what judging costs.

use async_graphql::{Context, Object, Result};

use super::{mutation::JudgeRunsInput, object::JudgeEstimate};
use crate::graphql::context::{services, viewer};

/// The query that estimates what judging costs.
#[derive(Default)]
pub struct JudgeQuery;

#[Object]
impl JudgeQuery {
    /// Estimates what judging the texts of runs would cost, without starting it. Sends nothing to a model.
    #[graphql(complexity = "1_000 + child_complexity")]
    async fn estimate_judge(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What would be judged.")] input: JudgeRunsInput,
    ) -> Result<Option<JudgeEstimate>> {
        let input = input.judge(viewer(context).name.clone())?;
        Ok(Some(services(context).judgements.estimate(&input).await?.into()))
    }
}
