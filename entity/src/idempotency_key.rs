//! The keys under which clients asked for runs.

use sea_orm::entity::prelude::*;

/// A client'\''s promise that two requests are the same one.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub fingerprint: String,
    /// The runs made under it, JSON.
    pub run_ids: String,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
