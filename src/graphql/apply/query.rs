//! Queries for the plan of an apply and for written comments.

use async_graphql::{Context, ID, Object, Result};

use super::{
    input::{AppliedCommentFilter, write_order},
    object::{AppliedCommentConnection, ApplyOutcomeConnection, ApplyOutcomeTotals, applied_comments, outcomes},
};
use crate::graphql::{
    connection::{nested_page_cost, page_arguments, page_cost},
    context::services,
};

/// The cost of a row of a plan, besides its values: two reads from the target.
const ROW_COST: usize = 5;

/// Queries for the plan and the audit.
#[derive(Default)]
pub struct ApplyQuery;

#[Object]
impl ApplyQuery {
    /// The exact statements that an apply (or, with `rollback`, a roll-back) would execute now, in that order: those
    /// that replace a comment first. Writes nothing. Each page is read live; if the database cannot be reached, this
    /// field is null, with an error. The page size is 50 by default and at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity + ROW_COST)")]
    async fn apply_plan(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run whose suggestions would be written.")] run_id: ID,
        #[graphql(desc = "The suggestions. Default: all that `applyRun` would write.")] suggestion_ids: Option<Vec<ID>>,
        #[graphql(desc = "Whether to plan a roll-back.", default_with = "Some(false)")] rollback: Option<bool>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<Option<ApplyOutcomeConnection>> {
        let order = write_order(&run_id, suggestion_ids.as_ref(), rollback.unwrap_or_default(), None, "")?;
        let arguments = page_arguments(first, after, last, before);
        let asked = context.look_ahead();
        let live = asked.field("nodes").exists() || asked.field("edges").exists();
        let (page, total) = services(context).applies.plan(&order, &arguments, live).await?;
        Ok(Some(outcomes(page, ApplyOutcomeTotals::Planned(total))))
    }

    /// Every comment written to a database, newest first. The page size is 50 by default and at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn applied_comments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only writes that match.")] filter: Option<AppliedCommentFilter>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<AppliedCommentConnection> {
        let filter = filter.unwrap_or_default().filter()?;
        let page = services(context).applies.audit(&filter, &page_arguments(first, after, last, before)).await?;
        Ok(applied_comments(page, filter))
    }
}
