//! Queries for runs.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{
    estimate::RunEstimate,
    input::{RunFilter, RunOrder, StartRunInput, run_filter},
    object::{Run, RunConnection, runs},
};
use crate::{
    domain::id::RunId,
    graphql::{
        connection::{page_arguments, page_cost},
        context::{services, viewer},
        ids::Key,
    },
};

/// Queries for runs.
#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// Runs, newest first by default. The page size is 50 by default and at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only runs that match.")] filter: Option<RunFilter>,
        #[graphql(desc = "The order. Default: by start, newest first.")] order_by: Option<RunOrder>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<RunConnection> {
        let filter = run_filter(filter, "filter")?;
        let order = order_by.map(Into::into).unwrap_or_default();
        let page = services(context).runs.list(&filter, order, &page_arguments(first, after, last, before)).await?;
        Ok(runs(page, filter))
    }

    /// The run with this id; null if there is none.
    async fn run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's global id.")] id: ID,
    ) -> Result<Option<Run>> {
        let run = services(context).runs.get(RunId::from_argument(&id, "id")?).await?;
        Ok(run.map(|run| Run(Arc::new(run))))
    }

    /// The run with this number; null if there is none.
    async fn run_by_number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's number, as in #123.")] number: i32,
    ) -> Result<Option<Run>> {
        let run = services(context).runs.get(RunId(i64::from(number))).await?;
        Ok(run.map(|run| Run(Arc::new(run))))
    }

    /// Estimates what a run would cover and cost, without starting it. Reads the targets' catalogs live, but no table
    /// data, and sends nothing to a model.
    #[graphql(complexity = "100 + child_complexity")]
    async fn estimate_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run that would be started.")] input: StartRunInput,
    ) -> Result<Option<RunEstimate>> {
        Ok(Some(services(context).estimates.estimate(&input.start(viewer(context).name.clone())?).await?.into()))
    }
}
