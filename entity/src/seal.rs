//! A probe that identifies the key with which the store's secrets are encrypted.

use sea_orm::entity::prelude::*;

/// The only row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "seal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// A known text, encrypted.
    pub probe: String,
    /// Number of writes made to prove that the store is writable.
    pub proofs: i64,
}

impl ActiveModelBehavior for ActiveModel {}
