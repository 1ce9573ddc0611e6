//! Looking at what an apply would do, and at what was written.

use async_graphql::{Context, ID, Object, Result};

use super::{
    input::{AppliedCommentFilter, write_order},
    object::{AppliedCommentConnection, ApplyOutcomeConnection},
};
use crate::graphql::{
    connection::{nested_page_cost, page_arguments, page_cost},
    context::services,
};

/// What a row of a plan costs besides its values: two looks at the target.
const LOOKS: usize = 5;

/// Plan and audit.
#[derive(Default)]
pub struct ApplyQuery;

#[Object]
impl ApplyQuery {
    /// What an apply (or with `rollback` a roll-back) would write now, in the order of writing, those that replace a
    /// comment first, with the exact statements; writes nothing. Each page is read live from the database; one that
    /// cannot be reached is an error on this field, which is null then. A page has 50 unless told, at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity + LOOKS)")]
    async fn apply_plan(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run whose suggestions would be written.")] run_id: ID,
        #[graphql(desc = "Which of its suggestions; all that `applyRun` would take when absent.")]
        suggestion_ids: Option<Vec<ID>>,
        #[graphql(desc = "Plan a roll-back instead.", default_with = "Some(false)")] rollback: Option<bool>,
        #[graphql(desc = "At most so many from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Up to this cursor.")] before: Option<String>,
    ) -> Result<Option<ApplyOutcomeConnection>> {
        let order = write_order(&run_id, suggestion_ids.as_ref(), rollback.unwrap_or_default(), None, "")?;
        let arguments = page_arguments(first, after, last, before);
        let asked = context.look_ahead();
        let look = asked.field("nodes").exists() || asked.field("edges").exists();
        let (page, total) = services(context).applies.plan(&order, &arguments, look).await?;
        Ok(Some(ApplyOutcomeConnection::planned(page, total)))
    }

    /// Every comment written to a database, newest first. A page has 50 unless told, at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn applied_comments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only writes that pass.")] filter: Option<AppliedCommentFilter>,
        #[graphql(desc = "At most so many from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Up to this cursor.")] before: Option<String>,
    ) -> Result<AppliedCommentConnection> {
        let filter = filter.unwrap_or_default().filter()?;
        let page = services(context).applies.audit(&filter, &page_arguments(first, after, last, before)).await?;
        Ok(AppliedCommentConnection::new(page, filter))
    }
}
