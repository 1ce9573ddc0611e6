//! The runs.

use sea_orm::entity::prelude::*;

/// A run as it stands.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Its number too; never given twice.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub kind: String,
    pub command: String,
    pub status: String,
    pub db_profile_id: Option<i64>,
    pub llm_profile_id: Option<i64>,
    pub schedule_id: Option<i64>,
    pub parent_id: Option<i64>,
    /// When it started, else when it was made: its place in the list.
    pub listed_at: i64,
    /// How long an ended run worked; null until it ended.
    pub duration_ms: Option<i64>,
    /// What a search looks through, in lower case.
    pub search_text: String,
    pub db_profile_name: Option<String>,
    pub llm_profile_name: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub scope_summary: String,
    /// JSON.
    pub scope: String,
    /// JSON.
    pub options: String,
    pub max_cost_usd: Option<f64>,
    pub max_tokens: Option<i64>,
    pub max_seconds: Option<i32>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub active_ms: i64,
    pub active_since: Option<i64>,
    pub rows_total: Option<i32>,
    pub rows_done: i32,
    pub rows_failed: i32,
    pub rows_skipped: i32,
    /// JSON.
    pub current_asset: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: Option<f64>,
    pub model_ms: i64,
    pub requests: i32,
    pub retries: i32,
    /// JSON.
    pub error: Option<String>,
    pub last_sequence: i32,
    /// How many times a worker took it: what fences a late write.
    pub attempt: i32,
    pub worker_id: Option<String>,
    pub lease_until: Option<i64>,
    pub started_by: String,
    pub variations: Option<String>,
    /// The apply or roll-back under way, JSON.
    pub apply: Option<String>,
    pub auto_apply: bool,
    pub cancelled_by: Option<String>,
    /// What a person calls it.
    pub title: Option<String>,
    /// JSON; `run_label` holds each for filters.
    pub labels: String,
    /// Whether a row failed.
    pub has_failures: bool,
    pub apply_ms: i64,
    pub apply_since: Option<i64>,
    /// What it waits for, JSON.
    pub waiting: Option<String>,
    /// Which database it describes, JSON; null until a worker has looked.
    pub identity: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
