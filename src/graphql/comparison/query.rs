//! The query that compares runs.

use async_graphql::{Context, ID, Object, Result};

use super::object::RunComparison;
use crate::{
    domain::id::RunId,
    graphql::{context::services, ids::Key},
};

/// The query that compares runs.
#[derive(Default)]
pub struct ComparisonQuery;

#[Object]
impl ComparisonQuery {
    /// Compares two to four runs, in the given order. The baseline can be one of them or another run; its texts are the
    /// references. The runs can have any kind except ASK, and different databases and scopes.
    async fn compare_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Two to four different runs.")] ids: Vec<ID>,
        #[graphql(
            desc = "The run whose texts are the references. Default: comments that people wrote in the database."
        )]
        baseline_id: Option<ID>,
    ) -> Result<Option<RunComparison>> {
        let ids = RunId::from_arguments(&ids, "ids")?;
        let baseline = baseline_id.map(|id| RunId::from_argument(&id, "baselineId")).transpose()?;
        Ok(Some(RunComparison::new(services(context).comparisons.open(&ids, baseline).await?)))
    }
}
