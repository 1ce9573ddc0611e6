//! The events of runs.

use sea_orm::entity::prelude::*;

/// An event, with the state of the run right after it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// Sequence number within the run, from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i32,
    pub at: i64,
    pub event_type: String,
    pub message: String,
    pub status: String,
    /// The progress after the event, as JSON.
    pub progress: String,
    /// The usage after the event, as JSON.
    pub usage: String,
    /// The asset concerned, as JSON.
    pub asset: Option<String>,
    pub position: Option<i32>,
    pub suggestion_id: Option<i64>,
    pub text: Option<String>,
    /// A structured error, as JSON.
    pub error: Option<String>,
    pub actor: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
