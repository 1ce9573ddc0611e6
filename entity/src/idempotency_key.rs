//! The idempotency keys under which clients started runs.

use sea_orm::entity::prelude::*;

/// An idempotency key. Requests with the same key are one request.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub fingerprint: String,
    /// The runs created under the key, as JSON.
    pub run_ids: String,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
