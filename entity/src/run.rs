//! Runs.

use sea_orm::entity::prelude::*;

/// The current state of a run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Also the run's number; never reused.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub kind: String,
    pub command: String,
    pub status: String,
    pub db_profile_id: Option<i64>,
    pub llm_profile_id: Option<i64>,
    pub schedule_id: Option<i64>,
    pub parent_id: Option<i64>,
    /// When the run started, or was created if it has not started; the sort key of lists.
    pub listed_at: i64,
    /// Working time of an ended run, in milliseconds; null until it has ended.
    pub duration_ms: Option<i64>,
    /// The searched text, in lowercase.
    pub search_text: String,
    pub db_profile_name: Option<String>,
    pub llm_profile_name: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub scope_summary: String,
    /// The assets in scope, as JSON.
    pub scope: String,
    /// The options of the run, as JSON.
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
    /// The asset being described, as JSON.
    pub current_asset: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: Option<f64>,
    pub model_ms: i64,
    pub requests: i32,
    pub retries: i32,
    /// A structured error, as JSON.
    pub error: Option<String>,
    pub last_sequence: i32,
    /// Number of claims by workers; fences off late writes.
    pub attempt: i32,
    pub worker_id: Option<String>,
    pub lease_until: Option<i64>,
    pub started_by: String,
    pub variations: Option<String>,
    /// The apply or roll-back in progress, as JSON.
    pub apply: Option<String>,
    pub auto_apply: bool,
    pub cancelled_by: Option<String>,
    /// A title given by a user.
    pub title: Option<String>,
    /// The labels as JSON. Filters use `run_label`.
    pub labels: String,
    /// Whether any row has failed.
    pub has_failures: bool,
    pub apply_ms: i64,
    pub apply_since: Option<i64>,
    /// The reason why the run waits, as JSON.
    pub waiting: Option<String>,
    /// The identity of the described database as JSON; null until a worker has read it.
    pub identity: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
