//! The type of a token, without its secret.

use async_graphql::{ID, Object};

use crate::{
    domain::{clock::Moment, token},
    graphql::{context::Role, ids::Key},
};

/// A token for the API. What its holder does is recorded under the token's name.
#[derive(Clone)]
pub struct ApiToken(pub token::ApiToken);

/// A token for the API. What its holder does is recorded under the token's name.
#[Object]
impl ApiToken {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name, unique among tokens. What its holder does is recorded under it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What its holder may do.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// When it was created.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// When it expires; null if it never does.
    async fn expires_at(&self) -> Option<Moment> {
        self.0.expires_at
    }

    /// When it was last used, to the minute; null if never.
    async fn last_used_at(&self) -> Option<Moment> {
        self.0.last_used_at
    }
}
