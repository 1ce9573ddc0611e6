//! Input types of runs: filters, orders, and what to start.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

use super::parts::{PartitionMode, RunKind, RunStatus, Verbosity};
use crate::{
    domain::{
        Result,
        clock::Moment,
        filter,
        id::{DbProfileId, LlmProfileId, RunId},
        pattern::patterns,
        scope, status,
        usage::Budget,
    },
    graphql::{ids::Key, scalar::Long},
    service::{
        orders::OptionChoices,
        runs::{StartRun, StartTarget},
    },
};

/// A filter of runs. An absent field does not restrict; an empty list matches nothing.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RunFilter {
    /// Only runs of these kinds.
    kinds: Option<Vec<RunKind>>,
    /// Only runs in these statuses.
    statuses: Option<Vec<RunStatus>>,
    /// Only runs on these DB profiles.
    db_profile_ids: Option<Vec<ID>>,
    /// Only runs with these LLM profiles.
    llm_profile_ids: Option<Vec<ID>>,
    /// Only runs that these schedules started.
    schedule_ids: Option<Vec<ID>>,
    /// Only re-runs of this run.
    parent_run_id: Option<ID>,
    /// Only runs started at or after this time; a queued run counts by its creation.
    started_after: Option<Moment>,
    /// Only runs started before this time; a queued run counts by its creation.
    started_before: Option<Moment>,
    /// Only runs started by these callers.
    started_by: Option<Vec<String>>,
    /// Only runs with at least one of these labels.
    labels: Option<Vec<String>>,
    /// If true, only runs with failed rows; if false, only runs without.
    has_failures: Option<bool>,
    /// Only runs with this text in their number, title, labels, scope, model or profile names. Ignores case; `%` and
    /// `_` are literal. `#12` finds run 12 only.
    search: Option<String>,
}

/// Converts a list of ids in a filter to keys.
///
/// # Errors
/// Returns `BadInput` with the index in the list for an invalid id.
pub fn keys<K: Key>(ids: Option<Vec<ID>>, argument: &str) -> Result<Option<Vec<K>>> {
    ids.map(|ids| K::from_arguments(&ids, argument)).transpose()
}

/// Converts a filter; an absent one matches all runs.
///
/// # Errors
/// Returns `BadInput` with its path below `argument` for an invalid id.
pub fn run_filter(filter: Option<RunFilter>, argument: &str) -> Result<filter::RunFilter> {
    let filter = filter.unwrap_or_default();
    Ok(filter::RunFilter {
        kinds: filter.kinds.map(|kinds| kinds.into_iter().map(status::RunKind::from).collect()),
        statuses: filter.statuses.map(|statuses| statuses.into_iter().map(status::RunStatus::from).collect()),
        db_profile_ids: keys(filter.db_profile_ids, &format!("{argument}.dbProfileIds"))?,
        llm_profile_ids: keys(filter.llm_profile_ids, &format!("{argument}.llmProfileIds"))?,
        schedule_ids: keys(filter.schedule_ids, &format!("{argument}.scheduleIds"))?,
        parent_run_id: filter
            .parent_run_id
            .map(|id| RunId::from_argument(&id, &format!("{argument}.parentRunId")))
            .transpose()?,
        started_after: filter.started_after,
        started_before: filter.started_before,
        started_by: filter.started_by,
        labels: filter.labels,
        has_failures: filter.has_failures,
        search: filter.search,
    })
}

/// A field to order runs by. Ties are ordered by number; nulls are last in both directions.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "filter::RunOrderField")]
pub enum RunOrderField {
    /// By start; a queued run counts by its creation.
    StartedAt,
    /// By number.
    Number,
    /// By `durationSeconds`; null for unfinished runs.
    Duration,
    /// By the status's name.
    Status,
    /// By the command's name.
    Command,
    /// By the model's name.
    Model,
    /// By the DB profile's name.
    DbProfile,
}

/// The direction of an order.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "filter::OrderDirection")]
pub enum OrderDirection {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

/// An order of runs.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct RunOrder {
    /// The field.
    #[graphql(default_with = "RunOrderField::StartedAt")]
    field: RunOrderField,
    /// The direction.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

impl From<RunOrder> for filter::RunOrder {
    fn from(order: RunOrder) -> Self {
        Self { field: order.field.into(), direction: order.direction.into() }
    }
}

/// A command of `startRun`.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartCommand {
    /// Describe, and leave the suggestions for review.
    Run,
    /// Describe, then write the first suggestion of each asset.
    RunApply,
}

impl From<StartCommand> for status::RunCommand {
    fn from(command: StartCommand) -> Self {
        match command {
            StartCommand::Run => Self::Run,
            StartCommand::RunApply => Self::RunApply,
        }
    }
}

/// The runs to start.
#[derive(InputObject, Debug, Clone)]
pub struct StartRunInput {
    /// Whether to leave the suggestions for review or write them.
    #[graphql(default_with = "StartCommand::Run")]
    command: StartCommand,
    /// The targets, 1 to 100: one run each.
    targets: Vec<TargetInput>,
    /// The model that describes. Default: the default profile.
    llm_profile_id: Option<ID>,
    /// How to describe; absent options keep their defaults.
    options: Option<RunOptionsInput>,
    /// Limits of each run. Default: none.
    budget: Option<RunBudgetInput>,
    /// An idempotency key of 1 to 200 characters. The same key with the same input returns the same runs; with other
    /// input it is a CONFLICT.
    idempotency_key: Option<String>,
}

/// A database and the part of it to describe.
#[derive(InputObject, Debug, Clone)]
pub struct TargetInput {
    /// The DB profile.
    db_profile_id: ID,
    /// The database. Optional if the profile reaches only one.
    database: Option<String>,
    /// The schemas. An empty level includes everything below it.
    schemas: Option<Vec<SchemaScopeInput>>,
    /// Patterns of tables to leave out, in addition to the profile's: `table` or `schema.table` with `*` and `?`, as in
    /// `*_bak` or `staging.*`. A table that the scope names is described anyway. Case-sensitive; a part in double
    /// quotes is literal. At most 200.
    exclude: Option<Vec<String>>,
    /// Whether a partitioned table is described once, or its partitions too.
    #[graphql(default_with = "PartitionMode::Parent")]
    partitions: PartitionMode,
}

/// One schema of a scope.
#[derive(InputObject, Debug, Clone)]
pub struct SchemaScopeInput {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its tables and views. Default: all of them.
    tables: Option<Vec<TableScopeInput>>,
}

/// One table or view of a scope.
#[derive(InputObject, Debug, Clone)]
pub struct TableScopeInput {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its columns. Default: the table itself and all its columns.
    columns: Option<Vec<String>>,
}

/// How to describe; absent options keep their defaults.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RunOptionsInput {
    /// Whether to describe only assets without a comment. Default: false.
    missing_only: Option<bool>,
    /// Whether a bulk ACCEPT, `RUN_APPLY` and AUTO schedules replace comments that people wrote. Default: false.
    replace_comments: Option<bool>,
    /// The number of alternatives for each description, the description included: 1 to 5. Default: 3.
    alternatives: Option<i32>,
    /// The sampling temperature of the model: 0 to 2. Default: 0.2.
    temperature: Option<f64>,
    /// The maximum number of tokens in one answer of the model: 64 to 32768. Default: 1024.
    max_output_tokens: Option<i32>,
    /// The length of descriptions. Default: DETAILED.
    verbosity: Option<Verbosity>,
    /// Whether to read statistics and sample values of the tables and show them to the model. Otherwise it sees only
    /// structure, keys and comments. Default: true for BUILTIN, false for others.
    profile_data: Option<bool>,
    /// Whether to take over texts that are certain by inheritance instead of asking the model: a column of a view or a
    /// partition has the comment of the column that it repeats, and a column has the text of a documented one that
    /// agrees in name, type and key. Runs with instructions ask for all. Default: true.
    inherit: Option<bool>,
    /// Instructions for the model, up to 4,000 characters.
    instructions: Option<String>,
}

/// Limits over the whole life of a run; an absent field means no limit.
#[derive(InputObject, Debug, Clone, Default)]
#[expect(clippy::struct_field_names, reason = "the contract names them so")]
pub struct RunBudgetInput {
    /// United States dollars, above 0. Needs a model with known prices.
    max_cost_usd: Option<f64>,
    /// Tokens in both directions, above 0.
    max_tokens: Option<Long>,
    /// Seconds of work, above 0.
    max_seconds: Option<i32>,
}

impl From<RunOptionsInput> for OptionChoices {
    fn from(options: RunOptionsInput) -> Self {
        Self {
            missing_only: options.missing_only,
            replace_comments: options.replace_comments,
            alternatives: options.alternatives,
            temperature: options.temperature,
            max_output_tokens: options.max_output_tokens,
            verbosity: options.verbosity.map(Into::into),
            profile_data: options.profile_data,
            inherit: options.inherit,
            instructions: options.instructions,
        }
    }
}

impl From<RunBudgetInput> for Budget {
    fn from(budget: RunBudgetInput) -> Self {
        Self {
            max_cost_usd: budget.max_cost_usd,
            max_tokens: budget.max_tokens.map(|tokens| tokens.0),
            max_seconds: budget.max_seconds,
        }
    }
}

impl From<SchemaScopeInput> for scope::SchemaScope {
    fn from(schema: SchemaScopeInput) -> Self {
        let table =
            |table: TableScopeInput| scope::TableScope { name: table.name, columns: table.columns.unwrap_or_default() };
        Self { name: schema.name, tables: schema.tables.unwrap_or_default().into_iter().map(table).collect() }
    }
}

impl TargetInput {
    /// Converts it to the use case's target; `argument` is its path.
    ///
    /// # Errors
    /// Returns `BadInput` for an invalid id.
    pub fn target(self, argument: &str) -> Result<StartTarget> {
        Ok(StartTarget {
            db_profile_id: DbProfileId::from_argument(&self.db_profile_id, &format!("{argument}.dbProfileId"))?,
            scope: scope::RunScope {
                database: self.database,
                schemas: self.schemas.unwrap_or_default().into_iter().map(Into::into).collect(),
                exclude: patterns(&self.exclude.unwrap_or_default(), &format!("{argument}.exclude"))?,
                partitions: self.partitions.into(),
            },
        })
    }
}

impl StartRunInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` with its path for an invalid id.
    pub fn start(self, started_by: String) -> Result<StartRun> {
        let targets = self.targets.into_iter().enumerate();
        Ok(StartRun {
            command: self.command.into(),
            targets: targets
                .map(|(at, target)| target.target(&format!("input.targets.{at}")))
                .collect::<Result<_>>()?,
            llm_profile_id: self
                .llm_profile_id
                .map(|id| LlmProfileId::from_argument(&id, "input.llmProfileId"))
                .transpose()?,
            options: self.options.map(Into::into).unwrap_or_default(),
            budget: self.budget.map(Into::into).unwrap_or_default(),
            started_by,
            idempotency_key: self.idempotency_key,
        })
    }
}

/// The run to cancel.
#[derive(InputObject, Debug, Clone)]
pub struct CancelRunInput {
    /// The run.
    pub id: ID,
}

/// The runs to cancel.
#[derive(InputObject, Debug, Clone)]
pub struct CancelRunsInput {
    /// The runs. An empty filter matches all of them.
    pub filter: RunFilter,
    /// Whether to count the runs only, and cancel none.
    #[graphql(default_with = "Some(false)")]
    pub dry_run: Option<bool>,
}

/// The runs to delete because of their age.
#[derive(InputObject, Debug, Clone)]
pub struct PruneRunsInput {
    /// Only runs that ended before this time.
    pub ended_before: Moment,
    /// Only runs of these kinds. Default: all kinds.
    pub kinds: Option<Vec<RunKind>>,
    /// Whether to count the runs only, and delete none.
    #[graphql(default_with = "Some(false)")]
    pub dry_run: Option<bool>,
}

/// A change of a run's title and labels. Absent fields keep their values; null clears them.
#[derive(InputObject, Debug, Clone)]
pub struct UpdateRunInput {
    /// The run.
    pub id: ID,
    /// Its title: 1 to 200 characters in one line.
    pub title: MaybeUndefined<String>,
    /// All its labels: at most 20 of 1 to 50 characters. A repeated label counts once.
    pub labels: MaybeUndefined<Vec<String>>,
}

/// The runs to delete.
#[derive(InputObject, Debug, Clone)]
pub struct DeleteRunsInput {
    /// The runs, 1 to 1,000. All of them must have ended.
    pub ids: Vec<ID>,
}
