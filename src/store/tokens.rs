//! API tokens.

use std::collections::HashMap;

use async_trait::async_trait;
use entity::{
    Millis, Word,
    api_token::{self, Column, Entity},
};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use super::{SqlStore, trouble::DbResult as _};
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        id::ApiTokenId,
        token::{ApiToken, KnownToken, NewApiToken, TokenHash},
    },
    port::store::TokenStore,
};

fn api_token(row: api_token::Model) -> ApiToken {
    ApiToken {
        id: ApiTokenId(row.id),
        name: row.name,
        role: row.role.0,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        last_used_at: row.last_used_at.map(|at| at.0),
    }
}

fn known(row: api_token::Model) -> Result<KnownToken> {
    let hash = <[u8; 32]>::try_from(row.hash.as_slice()).map_err(Error::internal)?;
    let revoked_at = row.revoked_at.map(|at| at.0);
    Ok(KnownToken { token: api_token(row), hash: TokenHash(hash), revoked_at })
}

#[async_trait]
impl TokenStore for SqlStore {
    async fn known_tokens(&self) -> Result<Vec<KnownToken>> {
        let rows = Entity::find().order_by_asc(Column::Name).order_by_asc(Column::Id).all(self.read()).await.db()?;
        rows.into_iter().map(known).collect()
    }

    async fn api_tokens_by_id(&self, ids: &[ApiTokenId]) -> Result<HashMap<ApiTokenId, ApiToken>> {
        let these = Column::Id.is_in(ids.iter().map(|id| id.0));
        let rows = Entity::find().filter(these).filter(Column::RevokedAt.is_null()).all(self.read()).await.db()?;
        Ok(rows.into_iter().map(|row| (ApiTokenId(row.id), api_token(row))).collect())
    }

    async fn create_api_token(&self, token: NewApiToken, at: Moment) -> Result<ApiToken> {
        self.transact(move |transaction| async move {
            let same_name = Entity::find().filter(Column::Name.eq(&token.name)).filter(Column::RevokedAt.is_null());
            if same_name.one(&transaction).await.db()?.is_some() {
                let message =
                    format!("another token is named {:?}; choose another name, or revoke that one first", token.name);
                return Err(Error::conflict(message));
            }
            let row = api_token::ActiveModel {
                id: ActiveValue::NotSet,
                name: ActiveValue::Set(token.name),
                role: ActiveValue::Set(Word(token.role)),
                hash: ActiveValue::Set(token.hash.0.to_vec()),
                created_at: ActiveValue::Set(Millis(at)),
                expires_at: ActiveValue::Set(token.expires_at.map(Millis)),
                last_used_at: ActiveValue::Set(None),
                revoked_at: ActiveValue::Set(None),
            };
            let token = api_token(Entity::insert(row).exec_with_returning(&transaction).await.db()?);
            transaction.commit().await?;
            Ok(token)
        })
        .await
    }

    async fn revoke_api_token(&self, id: ApiTokenId, at: Moment) -> Result<()> {
        self.write(move |writer| async move {
            let revoked = Entity::update_many()
                .col_expr(Column::RevokedAt, Expr::value(Millis(at)))
                .filter(Column::Id.eq(id.0))
                .filter(Column::RevokedAt.is_null())
                .exec(&writer)
                .await
                .db()?;
            if revoked.rows_affected == 0 {
                return Err(Error::not_found("this token does not exist; it may have been revoked"));
            }
            Ok(())
        })
        .await
    }

    async fn mark_api_token_used(&self, id: ApiTokenId, at: Moment) -> Result<()> {
        self.write(move |writer| async move {
            Entity::update_many()
                .col_expr(Column::LastUsedAt, Expr::value(Millis(at)))
                .filter(Column::Id.eq(id.0))
                .exec(&writer)
                .await
                .db()?;
            Ok(())
        })
        .await
    }
}
