//! Looking at what was asked.

use async_graphql::{Context, Object, Result};

use super::object::AskSessionConnection;
use crate::graphql::{
    connection::{page_arguments, page_cost},
    context::services,
};

/// Sessions.
#[derive(Default)]
pub struct AskQuery;

#[Object]
impl AskQuery {
    /// The sessions of questions, the last active first. A page has 50 unless told, at most 200.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn ask_sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Up to this cursor.")] before: Option<String>,
    ) -> Result<AskSessionConnection> {
        let page = services(context).asks.sessions(&page_arguments(first, after, last, before)).await?;
        Ok(AskSessionConnection::new(page))
    }
}
