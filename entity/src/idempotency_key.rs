//! The idempotency keys under which clients started runs.

use domain::id::RunId;
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis};

/// An idempotency key. Requests with the same key are one request.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub fingerprint: String,
    /// The runs created under the key.
    pub run_ids: JsonText<Vec<RunId>>,
    pub created_at: Millis,
}

impl ActiveModelBehavior for ActiveModel {}
