//! Asking for a comparison.

use async_graphql::{Context, ID, Object, Result};

use super::object::RunComparison;
use crate::{
    domain::id::RunId,
    graphql::{context::services, ids::Key},
};

/// Comparisons.
#[derive(Default)]
pub struct ComparisonQuery;

#[Object]
impl ComparisonQuery {
    /// Two to four runs, side by side, in the order given. A baseline is one of them or another run: its texts are the
    /// references. The runs may be of any kind but ASK, and on unlike databases and scopes: `differences` tells.
    async fn compare_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Two to four runs, each once.")] ids: Vec<ID>,
        #[graphql(desc = "The run whose texts are the references; without it, comments that stood in the database.")]
        baseline_id: Option<ID>,
    ) -> Result<Option<RunComparison>> {
        let ids = RunId::from_arguments(&ids, "ids")?;
        let baseline = baseline_id.map(|id| RunId::from_argument(&id, "baselineId")).transpose()?;
        Ok(Some(RunComparison::new(services(context).comparisons.open(&ids, baseline).await?)))
    }
}
