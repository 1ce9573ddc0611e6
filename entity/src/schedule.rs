//! Schedules.

use domain::{
    identity::Identity,
    run::{OptionChoices, RunError},
    schedule::{ReviewStrategy, ScheduleStatus},
    scope::RunScope,
};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis, Word};

/// A schedule: it starts runs at set times.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub status: Word<ScheduleStatus>,
    pub time_zone: String,
    /// The assets in scope.
    pub scope: JsonText<RunScope>,
    /// The options of its runs.
    pub options: JsonText<OptionChoices>,
    pub review_strategy: Word<ReviewStrategy>,
    pub created_by: String,
    /// Null for a one-time schedule.
    pub cron: Option<String>,
    /// A structured error.
    pub last_error: Option<JsonText<RunError>>,
    pub on_change: bool,
    /// Null for a repeating schedule.
    pub fire_at: Option<Millis>,
    /// Null unless the schedule is active.
    pub next_fire_at: Option<Millis>,
    pub last_fire_at: Option<Millis>,
    /// When `next_fire_at` was computed.
    pub planned_at: Millis,
    pub created_at: Millis,
    pub db_profile_id: i64,
    pub llm_profile_id: Option<i64>,
    pub last_run_id: Option<i64>,
    pub max_cost_usd: Option<f64>,
    pub max_tokens: Option<i64>,
    pub max_seconds: Option<i32>,
    /// Counts the changes that users made.
    pub revision: i32,
    /// The identity of the database that its runs describe; null until a run has read it.
    pub identity: Option<JsonText<Identity>>,
}

impl ActiveModelBehavior for ActiveModel {}
