//! The types that runs and events are made of.

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

/// The kind of a run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "status::RunKind")]
pub enum RunKind {
    /// Describes every asset in scope.
    Analyze,
    /// Repeats suggestions.
    Rerun,
    /// Drafts a text for one asset.
    Generate,
    /// Answers a question.
    Ask,
    /// Describes because a schedule fired.
    Schedule,
    /// Judges texts of other runs.
    Judge,
}

/// The command that started it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "status::RunCommand")]
pub enum RunCommand {
    /// Describe, and leave the suggestions for review.
    Run,
    /// Describe, then write the first suggestion of each asset.
    RunApply,
    /// Repeat suggestions from the start.
    Rerun,
    /// Rephrase suggestions.
    Variations,
    /// Draft a text for one asset.
    Generate,
    /// Answer a question.
    Ask,
    /// Describe because a schedule fired.
    Schedule,
    /// Judge texts of other runs.
    Judge,
}

/// The status of a run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "status::RunStatus")]
pub enum RunStatus {
    /// It is waiting for a worker.
    Queued,
    /// A worker is describing.
    Running,
    /// Its budget is spent or its provider is down. It can be resumed.
    Paused,
    /// A caller asked to cancel it; the worker is stopping.
    Cancelling,
    /// Comments are being written to the database.
    Applying,
    /// It has ended, and suggestions are waiting for review.
    ReadyForReview,
    /// It has ended, and nothing is waiting for review.
    Success,
    /// It failed as a whole; `error` has the reason.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// The length of descriptions.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "run::Verbosity")]
pub enum Verbosity {
    /// One short sentence.
    Brief,
    /// One or two sentences.
    Detailed,
    /// Everything that is known.
    Comprehensive,
}

/// What a run covers. An empty level includes everything below it.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunScope {
    /// The database; null if the profile reaches only one.
    database: Option<String>,
    /// The schemas; empty means all.
    schemas: Vec<SchemaScope>,
    /// The patterns of tables to leave out, including those of the profile; for a schedule, only those of its target.
    exclude: Vec<String>,
    /// How partitioned tables are described.
    partitions: PartitionMode,
}

/// How to describe partitioned tables.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "scope::PartitionMode")]
pub enum PartitionMode {
    /// Describe a partitioned table once; its partitions are not assets of the run.
    Parent,
    /// Describe its partitions as tables too.
    Each,
}

/// One schema of a scope.
#[derive(SimpleObject, Debug, Clone)]
pub struct SchemaScope {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its tables; an empty list means all of them.
    tables: Vec<TableScope>,
}

/// One table of a scope.
#[derive(SimpleObject, Debug, Clone)]
pub struct TableScope {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its columns; an empty list means the table itself and all its columns.
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

/// The progress of a run. A row is one asset.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunProgress {
    /// The number of tables, views and columns in scope; null until the scope is resolved.
    total: Option<i32>,
    /// The number of rows with a suggestion.
    done: i32,
    /// The number of failed rows.
    failed: i32,
    /// The number of rows that needed no suggestion.
    skipped: i32,
    /// The asset that was started last; null if none is being described.
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

/// The usage of a model. `costUsd` is null if the price is unknown, 0 for BUILTIN.
#[derive(SimpleObject, Debug, Clone)]
pub struct TokenUsage {
    /// Tokens sent to the model.
    input_tokens: Long,
    /// The input tokens that the provider read from its prompt cache and bills at its lower price.
    cached_input_tokens: Long,
    /// The input tokens that the provider wrote to its prompt cache and bills at a higher price.
    cache_write_tokens: Long,
    /// Tokens received from the model.
    output_tokens: Long,
    /// Tokens in both directions.
    total_tokens: Long,
    /// United States dollars; null if the price is unknown, 0 for BUILTIN.
    cost_usd: Option<f64>,
    /// Seconds spent waiting for the model, summed over parallel requests.
    model_seconds: f64,
    /// The number of requests that succeeded or finally failed.
    requests: i32,
    /// The number of requests that were sent again after a failure.
    retries: i32,
    /// The number of these requests that asked again for texts that an earlier answer lacked or made unreadable.
    repeats: i32,
}

/// Converts milliseconds to seconds.
#[expect(clippy::cast_precision_loss, reason = "a run of 285,000 years would lose a millisecond")]
pub fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1_000.0
}

impl From<&Usage> for TokenUsage {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: Long(usage.input_tokens),
            cached_input_tokens: Long(usage.cached_input_tokens),
            cache_write_tokens: Long(usage.cache_write_tokens),
            output_tokens: Long(usage.output_tokens),
            total_tokens: Long(usage.total_tokens()),
            cost_usd: usage.cost_usd,
            model_seconds: seconds(usage.model_ms),
            requests: usage.requests,
            retries: usage.retries,
            repeats: usage.repeats,
        }
    }
}

/// What a run waits for.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunWait {
    /// What it is waiting for and why, in one line for people.
    reason: String,
    /// When the wait began.
    since: Moment,
}

impl From<&run::Waiting> for RunWait {
    fn from(waiting: &run::Waiting) -> Self {
        Self { reason: visible(&waiting.reason).into_owned(), since: waiting.since }
    }
}

/// Why a run, or one of its rows, failed.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunError {
    /// A code of the API's errors: `UNAVAILABLE`, `BAD_USER_INPUT`, …
    code: &'static str,
    /// What went wrong.
    message: String,
    /// What to do about it.
    hint: Option<String>,
}

impl From<&run::RunError> for RunError {
    fn from(error: &run::RunError) -> Self {
        let shown = |text: &str| visible(text).into_owned();
        Self { code: error.code.as_str(), message: shown(&error.message), hint: error.hint.as_deref().map(shown) }
    }
}

/// How a run describes.
#[derive(SimpleObject, Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct RunOptions {
    /// Whether to describe only assets without a comment.
    missing_only: bool,
    /// Whether a bulk ACCEPT, `RUN_APPLY` and AUTO schedules replace comments that people wrote.
    replace_comments: bool,
    /// The number of alternatives for each description, the description included: 1 to 5.
    alternatives: i32,
    /// The sampling temperature of the model: 0 to 2.
    temperature: f64,
    /// The maximum number of tokens in one answer of the model: 64 to 32768.
    max_output_tokens: i32,
    /// The length of descriptions.
    verbosity: Verbosity,
    /// Whether to read statistics and sample values of the tables and show them to the model.
    profile_data: bool,
    /// Whether texts that are certain by inheritance are taken over instead of requested from the model.
    inherit: bool,
    /// Instructions for the model.
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
            inherit: options.inherit,
            instructions: options.instructions.clone(),
        }
    }
}

/// Limits over the whole life of a run; null means no limit.
#[derive(SimpleObject, Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "the contract names them so")]
pub struct RunBudget {
    /// United States dollars.
    max_cost_usd: Option<f64>,
    /// Tokens in both directions.
    max_tokens: Option<Long>,
    /// Seconds of work, counted as in `durationSeconds`.
    max_seconds: Option<i32>,
}

impl RunBudget {
    /// Converts the limits; `None` if there are none.
    pub fn of(budget: &Budget) -> Option<Self> {
        (!budget.is_empty()).then(|| Self {
            max_cost_usd: budget.max_cost_usd,
            max_tokens: budget.max_tokens.map(Long),
            max_seconds: budget.max_seconds,
        })
    }
}
