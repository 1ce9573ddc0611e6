//! The evidence of suggestions.

use sea_orm::entity::prelude::*;

/// One fact that a description is based on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "evidence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub suggestion_id: i64,
    /// Counted from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub source: String,
    pub detail: String,
}

impl ActiveModelBehavior for ActiveModel {}
