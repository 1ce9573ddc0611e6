//! The alternatives of suggestions.

use sea_orm::entity::prelude::*;

/// One alternative. The first one is the suggestion's description.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "alternative")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub suggestion_id: i64,
    /// Rank from 1, best first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub text: String,
    pub confidence: f64,
}

impl ActiveModelBehavior for ActiveModel {}
