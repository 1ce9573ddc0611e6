//! The values that a run and its events are made of.

use crate::domain::text::visible;
use async_graphql::{Enum, SimpleObject};

use crate::{
    domain::{
        clock::Moment,
        run::{self, RunOptions as Options},
        scope, status,
        usage::{Budget, Progress, Usage},
    },
    graphql::{scalar::Long, suggestion::object::AssetPath},
};

/// What kind of work a run is: the chips of the runs page.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "status::RunKind")]
pub enum RunKind {
    /// Describes every asset in scope.
    Analyze,
    /// Does chosen suggestions again.
    Rerun,
    /// One draft for one asset.
    Generate,
    /// Answers a question.
    Ask,
    /// An analyze run that a schedule started.
    Schedule,
}

/// What was ordered.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "status::RunCommand")]
pub enum RunCommand {
    /// Describe, and leave the suggestions for review.
    Run,
    /// Describe, then write the first suggestion of each asset.
    RunApply,
    /// Do chosen suggestions again from the start.
    Rerun,
    /// Rephrase chosen suggestions.
    Variations,
    /// Draft one text for one asset.
    Generate,
    /// Answer a question.
    Ask,
    /// Describe because a schedule fired.
    Schedule,
}

/// Where a run stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "status::RunStatus")]
pub enum RunStatus {
    /// It waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// A budget is spent, or the provider stayed away; it can go on.
    Paused,
    /// A cancel was asked for, and the worker is leaving.
    Cancelling,
    /// Comments are being written to the database.
    Applying,
    /// All is done, and suggestions wait for a person.
    ReadyForReview,
    /// All is done, and nothing waits.
    Success,
    /// Nothing could be done; `error` says why.
    Failed,
    /// A person cancelled it.
    Cancelled,
}

/// How much a description says.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "run::Verbosity")]
pub enum Verbosity {
    /// One short sentence.
    Brief,
    /// One or two sentences.
    Detailed,
    /// All that is known.
    Comprehensive,
}

/// What a run covers. Naming nothing at a level means everything below it.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunScope {
    /// The database; null where the profile reaches only one.
    database: Option<String>,
    /// The schemas; empty means all.
    schemas: Vec<SchemaScope>,
    /// Patterns of tables that were left out, the profile's own included; for a schedule, those of its own target.
    exclude: Vec<String>,
    /// How partitions were taken.
    partitions: PartitionMode,
}

/// How the partitions of a table are taken.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "scope::PartitionMode")]
pub enum PartitionMode {
    /// Describe a partitioned table once: its partitions are no assets of the run.
    Parent,
    /// Describe its partitions as tables too.
    Each,
}

/// One schema of a scope.
#[derive(SimpleObject, Debug, Clone)]
pub struct SchemaScope {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its tables; empty means all.
    tables: Vec<TableScope>,
}

/// One table of a scope.
#[derive(SimpleObject, Debug, Clone)]
pub struct TableScope {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its columns; empty means the table itself and all its columns.
    columns: Vec<String>,
}

impl From<&scope::RunScope> for RunScope {
    fn from(scope: &scope::RunScope) -> Self {
        let table = |table: &scope::TableScope| TableScope { name: table.name.clone(), columns: table.columns.clone() };
        let schema = |schema: &scope::SchemaScope| SchemaScope {
            name: schema.name.clone(),
            tables: schema.tables.iter().map(table).collect(),
        };
        Self {
            database: scope.database.clone(),
            schemas: scope.schemas.iter().map(schema).collect(),
            exclude: scope.exclude.iter().map(ToString::to_string).collect(),
            partitions: scope.partitions.into(),
        }
    }
}

/// How far a run is. A row is one asset.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunProgress {
    /// Tables, views and their columns in scope. Null until the scope is resolved.
    total: Option<i32>,
    /// Rows that have a suggestion.
    done: i32,
    /// Rows that were given up.
    failed: i32,
    /// Rows that needed no suggestion.
    skipped: i32,
    /// The asset that was begun last; null while nothing is under way.
    current_asset: Option<AssetPath>,
}

impl From<&Progress> for RunProgress {
    fn from(progress: &Progress) -> Self {
        Self {
            total: progress.total,
            done: progress.done,
            failed: progress.failed,
            skipped: progress.skipped,
            current_asset: progress.current_asset.as_ref().map(AssetPath::from),
        }
    }
}

/// What the model was asked for. `costUsd` is null where no price is known, 0 for BUILTIN.
#[derive(SimpleObject, Debug, Clone)]
pub struct TokenUsage {
    /// Tokens sent to the model.
    input_tokens: Long,
    /// Tokens received from the model.
    output_tokens: Long,
    /// Tokens in both directions.
    total_tokens: Long,
    /// United States dollars; null where no price is known, 0 for BUILTIN.
    cost_usd: Option<f64>,
    /// Seconds spent waiting for the model, added up over parallel requests.
    model_seconds: f64,
    /// Requests that were answered or given up.
    requests: i32,
    /// Requests that were sent again after a failure.
    retries: i32,
}

/// Milliseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "a run of 285,000 years would lose a millisecond")]
pub fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1_000.0
}

impl From<&Usage> for TokenUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: Long(usage.input_tokens),
            output_tokens: Long(usage.output_tokens),
            total_tokens: Long(usage.total_tokens()),
            cost_usd: usage.cost_usd,
            model_seconds: seconds(usage.model_ms),
            requests: usage.requests,
            retries: usage.retries,
        }
    }
}

/// What a run waits for.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunWait {
    /// What it waits for and why, in one line for a person.
    reason: String,
    /// Since when it waits.
    since: Moment,
}

impl From<&run::Waiting> for RunWait {
    fn from(waiting: &run::Waiting) -> Self {
        Self { reason: visible(&waiting.reason).into_owned(), since: waiting.since }
    }
}

/// Why a run, or a row of it, came to nothing.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunError {
    /// One of the codes that errors of this API carry: `UNAVAILABLE`, `BAD_USER_INPUT`, …
    code: String,
    /// What happened.
    message: String,
    /// What to do about it.
    hint: Option<String>,
}

impl From<&run::RunError> for RunError {
    fn from(error: &run::RunError) -> Self {
        let shown = |text: &str| visible(text).into_owned();
        Self { code: error.code.clone(), message: shown(&error.message), hint: error.hint.as_deref().map(shown) }
    }
}

/// How a run describes.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunOptions {
    /// Whether only assets without a comment are described.
    missing_only: bool,
    /// Whether a bulk ACCEPT, `RUN_APPLY` and AUTO schedules may replace comments that people wrote.
    replace_comments: bool,
    /// Wordings of each description, the first included: 1 to 5.
    alternatives: i32,
    /// How freely the model chooses its words: 0 to 2.
    temperature: f64,
    /// The most tokens that one answer of the model may have: 64 to 32768.
    max_output_tokens: i32,
    /// How much a description says.
    verbosity: Verbosity,
    /// Whether statistics and sample values of the tables are read and shown to the model.
    profile_data: bool,
    /// What the person added for the model.
    instructions: Option<String>,
}

impl From<&Options> for RunOptions {
    fn from(options: &Options) -> Self {
        Self {
            missing_only: options.missing_only,
            replace_comments: options.replace_comments,
            alternatives: options.alternatives,
            temperature: options.temperature,
            max_output_tokens: options.max_output_tokens,
            verbosity: options.verbosity.into(),
            profile_data: options.profile_data,
            instructions: options.instructions.clone(),
        }
    }
}

/// Limits over the whole life of a run; null is no limit.
#[derive(SimpleObject, Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "the contract names them so")]
pub struct RunBudget {
    /// United States dollars.
    max_cost_usd: Option<f64>,
    /// Tokens in both directions.
    max_tokens: Option<Long>,
    /// Seconds of work, as `durationSeconds` counts them.
    max_seconds: Option<i32>,
}

impl RunBudget {
    /// The limits; `None` where there are none.
    pub fn of(budget: &Budget) -> Option<Self> {
        (!budget.is_empty()).then(|| Self {
            max_cost_usd: budget.max_cost_usd,
            max_tokens: budget.max_tokens.map(Long),
            max_seconds: budget.max_seconds,
        })
    }
}
