//! The events of runs.

use sea_orm::entity::prelude::*;

/// What happened, with the run right after it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// From 1 without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i32,
    pub at: i64,
    pub event_type: String,
    pub message: String,
    pub status: String,
    /// JSON.
    pub progress: String,
    /// JSON.
    pub usage: String,
    /// JSON.
    pub asset: Option<String>,
    pub position: Option<i32>,
    pub suggestion_id: Option<i64>,
    pub text: Option<String>,
    /// JSON.
    pub error: Option<String>,
    pub actor: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
