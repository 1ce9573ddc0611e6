//! Runs.

use domain::{
    apply::ApplyOrder,
    asset::AssetPath,
    identity::Identity,
    profile::LlmProvider,
    run::{RunError, RunOptions, VariationMode, Waiting},
    scope::RunScope,
    status::{RunCommand, RunKind, RunStatus},
};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis, Word};

/// The current state of a run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    /// Also the run's number; never reused.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub kind: Word<RunKind>,
    pub command: Word<RunCommand>,
    pub status: Word<RunStatus>,
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
    pub provider: Option<Word<LlmProvider>>,
    pub model: Option<String>,
    pub scope_summary: String,
    /// The assets in scope.
    pub scope: JsonText<RunScope>,
    /// The options of the run.
    pub options: JsonText<RunOptions>,
    pub max_cost_usd: Option<f64>,
    pub max_tokens: Option<i64>,
    pub max_seconds: Option<i32>,
    pub created_at: Millis,
    pub started_at: Option<Millis>,
    pub finished_at: Option<Millis>,
    pub active_ms: i64,
    pub active_since: Option<Millis>,
    pub rows_total: Option<i32>,
    pub rows_done: i32,
    pub rows_failed: i32,
    pub rows_skipped: i32,
    /// The asset being described.
    pub current_asset: Option<JsonText<AssetPath>>,
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub cache_write_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: Option<f64>,
    pub model_ms: i64,
    pub requests: i32,
    pub retries: i32,
    /// Number of the requests that asked again.
    pub repeats: i32,
    /// A structured error.
    pub error: Option<JsonText<RunError>>,
    pub last_sequence: i32,
    /// Number of claims by workers; fences off late writes.
    pub attempt: i32,
    pub worker_id: Option<String>,
    pub lease_until: Option<Millis>,
    pub started_by: String,
    pub variations: Option<Word<VariationMode>>,
    /// The apply or roll-back in progress.
    pub apply: Option<JsonText<ApplyOrder>>,
    pub auto_apply: bool,
    pub cancelled_by: Option<String>,
    /// A title given by a user.
    pub title: Option<String>,
    /// The labels. Filters use `run_label`.
    pub labels: JsonText<Vec<String>>,
    /// Whether any row has failed.
    pub has_failures: bool,
    pub apply_ms: i64,
    pub apply_since: Option<Millis>,
    /// The reason why the run waits.
    pub waiting: Option<JsonText<Waiting>>,
    /// The identity of the described database; null until a worker has read it.
    pub identity: Option<JsonText<Identity>>,
    /// The version of the prompts; null for runs without prompts.
    pub prompt_version: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
