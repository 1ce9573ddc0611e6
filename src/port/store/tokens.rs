//! API tokens.
//!
//! The rule: the row of a revoked token stays, so that its name in other records keeps its meaning, and so that it is
//! never forgotten that tokens exist.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    clock::Moment,
    id::ApiTokenId,
    token::{ApiToken, KnownToken, NewApiToken},
};

/// API tokens.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Returns all tokens that were ever created, by name, with their hashes.
    async fn known_tokens(&self) -> Result<Vec<KnownToken>>;

    /// Returns tokens by key; unknown and revoked ones are missing.
    async fn api_tokens_by_id(&self, ids: &[ApiTokenId]) -> Result<HashMap<ApiTokenId, ApiToken>>;

    /// Creates a token.
    ///
    /// # Errors
    /// Returns `Conflict` if a token that was not revoked has the name.
    async fn create_api_token(&self, token: NewApiToken, at: Moment) -> Result<ApiToken>;

    /// Revokes a token. It is not accepted any more.
    ///
    /// # Errors
    /// Returns `NotFound`, also if the token was revoked before.
    async fn revoke_api_token(&self, id: ApiTokenId, at: Moment) -> Result<()>;

    /// Records when a token was used.
    async fn mark_api_token_used(&self, id: ApiTokenId, at: Moment) -> Result<()>;
}
