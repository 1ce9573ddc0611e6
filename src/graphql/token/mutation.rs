//! Mutations of tokens.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use secrecy::ExposeSecret;

use super::object::ApiToken;
use crate::{
    domain::{clock::Moment, id::ApiTokenId},
    graphql::{
        context::{Role, services},
        ids::Key,
        profile::mutation::DeletePayload,
    },
    service::tokens::CreateToken,
};

/// The token to create.
#[derive(InputObject)]
pub struct CreateApiTokenInput {
    /// Its name, unique among tokens: 1 to 100 characters. What its holder does is recorded under it.
    name: String,
    /// What its holder may do.
    role: Role,
    /// When it expires. Default: never.
    expires_at: Option<Moment>,
}

/// The token to revoke.
#[derive(InputObject)]
pub struct RevokeApiTokenInput {
    /// The token.
    pub id: ID,
}

/// The new token.
#[derive(SimpleObject)]
pub struct CreateApiTokenPayload {
    /// The token.
    api_token: ApiToken,
    /// The secret for `Authorization: Bearer …`. It is returned only once; Gloss keeps its hash.
    secret: String,
}

/// Mutations of tokens.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Creates a token. Its secret is returned only once. From the first token on, every request needs one.
    async fn create_api_token(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token's name, role and expiry.")] input: CreateApiTokenInput,
    ) -> Result<CreateApiTokenPayload> {
        let CreateApiTokenInput { name, role, expires_at } = input;
        let input = CreateToken { name, role: role.into(), expires_at };
        let (token, secret) = services(context).tokens.create(input).await?;
        Ok(CreateApiTokenPayload { api_token: ApiToken(token), secret: secret.expose_secret().to_owned() })
    }

    /// Revokes a token. Its subscriptions and sessions end.
    async fn revoke_api_token(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The token.")] input: RevokeApiTokenInput,
    ) -> Result<DeletePayload> {
        let key = ApiTokenId::from_argument(&input.id, "input.id")?;
        services(context).tokens.revoke(key).await?;
        Ok(DeletePayload { deleted_id: input.id })
    }
}
