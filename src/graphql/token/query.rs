//! The query for tokens.

use async_graphql::{Context, Object, Result};

use super::object::ApiToken;
use crate::graphql::context::services;

/// The query for tokens.
#[derive(Default)]
pub struct TokenQuery;

#[Object]
impl TokenQuery {
    /// All tokens by name, including expired but not revoked ones. Needs the role ADMIN.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn api_tokens(&self, context: &Context<'_>) -> Option<Result<Vec<ApiToken>>> {
        let tokens = services(context).tokens.list().await;
        Some(tokens.map(|tokens| tokens.into_iter().map(ApiToken).collect()).map_err(Into::into))
    }
}
