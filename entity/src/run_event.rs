//! The events of runs.

use domain::{
    asset::AssetPath,
    event::RunEventType,
    run::RunError,
    status::RunStatus,
    usage::{Progress, Usage},
};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis, Word};

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
    pub at: Millis,
    pub event_type: Word<RunEventType>,
    pub message: String,
    pub status: Word<RunStatus>,
    /// The progress after the event.
    pub progress: JsonText<Progress>,
    /// The usage after the event.
    pub usage: JsonText<Usage>,
    /// The asset concerned.
    pub asset: Option<JsonText<AssetPath>>,
    pub position: Option<i32>,
    pub suggestion_id: Option<i64>,
    pub text: Option<String>,
    /// A structured error.
    pub error: Option<JsonText<RunError>>,
    pub actor: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
