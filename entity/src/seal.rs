//! By which the key is known that the store's secrets are sealed with.

use sea_orm::entity::prelude::*;

/// The only row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "seal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// A text that everybody knows, sealed.
    pub probe: String,
    /// How often a write was proved.
    pub proofs: i64,
}

impl ActiveModelBehavior for ActiveModel {}
