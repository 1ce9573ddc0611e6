//! Queries for schedules.

use async_graphql::{Context, Object, Result};

use super::{
    input::ScheduleFilter,
    object::{ScheduleConnection, schedules},
};
use crate::graphql::{
    connection::{page_arguments, page_cost},
    context::services,
};

/// Queries for schedules.
#[derive(Default)]
pub struct ScheduleQuery;

#[Object]
impl ScheduleQuery {
    /// Schedules, newest first. The page size is 50 by default and at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn schedules(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only schedules that match.")] filter: Option<ScheduleFilter>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<ScheduleConnection> {
        let filter = filter.unwrap_or_default().filter()?;
        let page = services(context).schedules.list(&filter, &page_arguments(first, after, last, before)).await?;
        Ok(schedules(page, filter))
    }
}
