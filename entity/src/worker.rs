//! The processes that execute runs.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// A worker process.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "worker")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub host: String,
    pub started_at: Millis,
    pub last_seen_at: Millis,
    pub capacity: i32,
}

impl ActiveModelBehavior for ActiveModel {}
