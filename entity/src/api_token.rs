//! API tokens.

use domain::token::Role;
use sea_orm::entity::prelude::*;

use crate::{Millis, Word};

/// A token. Its row remains when it is revoked.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub role: Word<Role>,
    /// SHA-256 of the secret.
    #[sea_orm(unique)]
    pub hash: Vec<u8>,
    pub created_at: Millis,
    pub expires_at: Option<Millis>,
    pub last_used_at: Option<Millis>,
    pub revoked_at: Option<Millis>,
}

impl ActiveModelBehavior for ActiveModel {}
