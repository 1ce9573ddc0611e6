//! A token, without its secret.

use async_graphql::{ID, Object};

use crate::{
    domain::{clock::Moment, token},
    graphql::{context::Role, ids::Key},
};

/// A key to the API: its holder is known by its name and may do what its role says.
#[derive(Clone)]
pub struct ApiToken(pub token::ApiToken);

/// A key to the API: its holder is known by its name and may do what its role says.
#[Object]
impl ApiToken {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name, unique among tokens: what its holder does is recorded under it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What its holder may do.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// When it was made.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// From when on it opens nothing. Null for no end.
    async fn expires_at(&self) -> Option<Moment> {
        self.0.expires_at
    }

    /// When it was last used, to a minute. Null where it never was.
    async fn last_used_at(&self) -> Option<Moment> {
        self.0.last_used_at
    }
}
