//! The schedules.

use sea_orm::entity::prelude::*;

/// Runs that nobody starts by hand.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub status: String,
    pub time_zone: String,
    /// JSON.
    pub scope: String,
    /// What was chosen, JSON.
    pub options: String,
    pub review_strategy: String,
    pub created_by: String,
    /// Null for one moment.
    pub cron: Option<String>,
    /// JSON.
    pub last_error: Option<String>,
    pub on_change: bool,
    /// Null for one that repeats.
    pub fire_at: Option<i64>,
    /// Null unless it is active.
    pub next_fire_at: Option<i64>,
    pub last_fire_at: Option<i64>,
    /// When the next firing was planned.
    pub planned_at: i64,
    pub created_at: i64,
    pub db_profile_id: i64,
    pub llm_profile_id: Option<i64>,
    pub last_run_id: Option<i64>,
    pub max_cost_usd: Option<f64>,
    pub max_tokens: Option<i64>,
    pub max_seconds: Option<i32>,
    /// Counts the changes that people made.
    pub revision: i32,
    /// Which database its runs describe, JSON; null until one has looked.
    pub identity: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
