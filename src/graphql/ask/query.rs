//! Queries for sessions.

use async_graphql::{Context, Object, Result};

use super::object::{AskSessionConnection, sessions};
use crate::graphql::{
    connection::{page_arguments, page_cost},
    context::services,
};

/// Queries for sessions.
#[derive(Default)]
pub struct AskQuery;

#[Object]
impl AskQuery {
    /// Ask sessions, the most recently active first. The page size is 50 by default and at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn ask_sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<AskSessionConnection> {
        let page = services(context).asks.sessions(&page_arguments(first, after, last, before)).await?;
        Ok(sessions(page))
    }
}
