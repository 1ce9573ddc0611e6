//! Schedules.

use sea_orm::entity::prelude::*;

/// A schedule: it starts runs at set times.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub status: String,
    pub time_zone: String,
    /// The assets in scope, as JSON.
    pub scope: String,
    /// The options of its runs, as JSON.
    pub options: String,
    pub review_strategy: String,
    pub created_by: String,
    /// Null for a one-time schedule.
    pub cron: Option<String>,
    /// A structured error, as JSON.
    pub last_error: Option<String>,
    pub on_change: bool,
    /// Null for a repeating schedule.
    pub fire_at: Option<i64>,
    /// Null unless the schedule is active.
    pub next_fire_at: Option<i64>,
    pub last_fire_at: Option<i64>,
    /// When `next_fire_at` was computed.
    pub planned_at: i64,
    pub created_at: i64,
    pub db_profile_id: i64,
    pub llm_profile_id: Option<i64>,
    pub last_run_id: Option<i64>,
    pub max_cost_usd: Option<f64>,
    pub max_tokens: Option<i64>,
    pub max_seconds: Option<i32>,
    /// Counts the changes that users made.
    pub revision: i32,
    /// The identity of the database that its runs describe as JSON; null until a run has read it.
    pub identity: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
