//! Asking for runs.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{
    estimate::RunEstimate,
    input::{RunFilter, RunOrder, StartRunInput, run_filter},
    object::{Run, RunConnection},
};
use crate::{
    domain::id::RunId,
    graphql::{
        connection::{page_arguments, page_cost},
        context::{services, viewer},
        ids::Key,
    },
};

/// Runs.
#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// Runs, newest first unless ordered otherwise; `first`/`last` default to 50 and are at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only runs that pass.")] filter: Option<RunFilter>,
        #[graphql(desc = "By start, newest first, when absent.")] order_by: Option<RunOrder>,
        #[graphql(desc = "At most so many from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Up to this cursor.")] before: Option<String>,
    ) -> Result<RunConnection> {
        let filter = run_filter(filter, "filter")?;
        let order = order_by.map(Into::into).unwrap_or_default();
        let page = services(context).runs.list(&filter, order, &page_arguments(first, after, last, before)).await?;
        Ok(RunConnection::new(page, filter))
    }

    /// The run with this id; null where there is none.
    async fn run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's global id.")] id: ID,
    ) -> Result<Option<Run>> {
        let run = services(context).runs.get(RunId::from_argument(&id, "id")?).await?;
        Ok(run.map(|run| Run(Arc::new(run))))
    }

    /// The run with this number; null where there is none.
    async fn run_by_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's number, as in #123.")] number: i32,
    ) -> Result<Option<Run>> {
        let run = services(context).runs.get(RunId(i64::from(number))).await?;
        Ok(run.map(|run| Run(Arc::new(run))))
    }

    /// What a run would touch and about what it would cost, without starting it. Walks the targets live, sends
    /// nothing to a model and reads no data.
    #[graphql(complexity = "100 + child_complexity")]
    async fn estimate_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What would be started.")] input: StartRunInput,
    ) -> Result<Option<RunEstimate>> {
        Ok(Some(services(context).estimates.estimate(&input.start(viewer(context).name.clone())?).await?.into()))
    }
}
