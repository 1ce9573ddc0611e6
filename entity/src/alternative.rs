//! The wordings of suggestions.

use sea_orm::entity::prelude::*;

/// One wording, the first of which is the description itself.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "alternative")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub suggestion_id: i64,
    /// From 1, best first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub text: String,
    pub confidence: f64,
}

impl ActiveModelBehavior for ActiveModel {}
