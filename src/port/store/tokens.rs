//! The tokens in the store. A token's row stays when it is revoked: what was done under its name is still told
//! apart, and that there ever was one is never forgotten.

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
    /// All tokens that were ever made, by name: what secrets are known again by.
    async fn known_tokens(&self) -> Result<Vec<KnownToken>>;

    /// Tokens by key; unknown and revoked ones are missing.
    async fn api_tokens_by_id(&self, ids: &[ApiTokenId]) -> Result<HashMap<ApiTokenId, ApiToken>>;

    /// Records a token.
    ///
    /// # Errors
    /// `Conflict` where a token that was not revoked has the name.
    async fn create_api_token(&self, token: NewApiToken, at: Moment) -> Result<ApiToken>;

    /// Revokes a token: from now on it opens nothing.
    ///
    /// # Errors
    /// `NotFound`, also for one that was revoked before.
    async fn revoke_api_token(&self, id: ApiTokenId, at: Moment) -> Result<()>;

    /// Records that a token was used.
    async fn mark_api_token_used(&self, id: ApiTokenId, at: Moment) -> Result<()>;
}
