//! What clients give: filters, orders, what to start.

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

/// Which runs; an absent part does not restrict, an empty list lets nothing through.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RunFilter {
    /// Of one of these kinds.
    kinds: Option<Vec<RunKind>>,
    /// In one of these statuses.
    statuses: Option<Vec<RunStatus>>,
    /// On one of these DB profiles.
    db_profile_ids: Option<Vec<ID>>,
    /// With one of these LLM profiles.
    llm_profile_ids: Option<Vec<ID>>,
    /// Fired by one of these schedules.
    schedule_ids: Option<Vec<ID>>,
    /// Re-runs of this run.
    parent_run_id: Option<ID>,
    /// Started at this moment or later; a run not yet started counts by its creation.
    started_after: Option<Moment>,
    /// Started before this moment; a run not yet started counts by its creation.
    started_before: Option<Moment>,
    /// Names of the callers who started them.
    started_by: Option<Vec<String>>,
    /// With at least one of these labels.
    labels: Option<Vec<String>>,
    /// True for runs of which at least one row failed; false for the others.
    has_failures: Option<bool>,
    /// Runs whose number, title, labels, scope, model or profile names hold this text; letter case does not count, and
    /// `%` and `_` are plain characters. `#12` finds run 12 alone.
    search: Option<String>,
}

/// The keys that a list of ids in a filter means.
///
/// # Errors
/// `BadInput` for an id that is none, with its place in the list.
pub fn keys<K: Key>(ids: Option<Vec<ID>>, argument: &str) -> Result<Option<Vec<K>>> {
    ids.map(|ids| K::from_arguments(&ids, argument)).transpose()
}

/// The filter that an argument means; an absent one lets everything through.
///
/// # Errors
/// `BadInput` for an id that is none, with its path below `argument`.
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

/// What runs can be ordered by. Ties go by number; nulls come last in either direction.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "filter::RunOrderField")]
pub enum RunOrderField {
    /// When it started; a run not yet started counts by its creation.
    StartedAt,
    /// By number.
    Number,
    /// By `durationSeconds`; unfinished runs have none here.
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

/// Which way a list is ordered.
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
    /// By what.
    #[graphql(default_with = "RunOrderField::StartedAt")]
    field: RunOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

impl From<RunOrder> for filter::RunOrder {
    fn from(order: RunOrder) -> Self {
        Self { field: order.field.into(), direction: order.direction.into() }
    }
}

/// What `startRun` may order.
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

/// What to start.
#[derive(InputObject, Debug, Clone)]
pub struct StartRunInput {
    /// Describe for review, or describe and write.
    #[graphql(default_with = "StartCommand::Run")]
    command: StartCommand,
    /// One run each; at least one, at most 100.
    targets: Vec<TargetInput>,
    /// Which model describes. The default profile when absent.
    llm_profile_id: Option<ID>,
    /// How to describe; what is absent keeps its default.
    options: Option<RunOptionsInput>,
    /// Limits of each run; none when absent.
    budget: Option<RunBudgetInput>,
    /// The same key with the same input gives back the same runs; with other input it is a CONFLICT. 1 to 200
    /// characters.
    idempotency_key: Option<String>,
}

/// A database and what of it is described.
#[derive(InputObject, Debug, Clone)]
pub struct TargetInput {
    /// The DB profile.
    db_profile_id: ID,
    /// The database. May be left out where the profile reaches only one.
    database: Option<String>,
    /// The schemas. Nothing named at a level means everything below it.
    schemas: Option<Vec<SchemaScopeInput>>,
    /// Tables to leave out, as `table` or `schema.table` with `*` and `?`: `*_bak`, `staging.*`. The profile's own are
    /// left out as well. A table that the scope names is taken all the same. Letter case counts; a part in double
    /// quotes is taken literally. At most 200.
    exclude: Option<Vec<String>>,
    /// Whether a partitioned table is described once, or its partitions as well.
    #[graphql(default_with = "PartitionMode::Parent")]
    partitions: PartitionMode,
}

/// One schema of a scope.
#[derive(InputObject, Debug, Clone)]
pub struct SchemaScopeInput {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its tables and views; all when none is named.
    tables: Option<Vec<TableScopeInput>>,
}

/// One table or view of a scope.
#[derive(InputObject, Debug, Clone)]
pub struct TableScopeInput {
    /// Its name, exactly as the database spells it.
    name: String,
    /// Its columns; the table itself and all its columns when none is named.
    columns: Option<Vec<String>>,
}

/// How to describe; what is absent keeps its default.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RunOptionsInput {
    /// Only assets that have no comment yet. Default: false.
    missing_only: Option<bool>,
    /// Whether a bulk ACCEPT, `RUN_APPLY` and AUTO schedules may replace comments that people wrote. Default: false.
    replace_comments: Option<bool>,
    /// Wordings of each description, the first included: 1 to 5. Default: 3.
    alternatives: Option<i32>,
    /// How freely the model chooses its words: 0 to 2. Default: 0.2.
    temperature: Option<f64>,
    /// The most tokens that one answer of the model may have: 64 to 32768. Default: 1024.
    max_output_tokens: Option<i32>,
    /// How much a description says. Default: DETAILED.
    verbosity: Option<Verbosity>,
    /// Also read statistics and sample values from the tables; without it the model sees structure, keys and
    /// comments alone. Default: true for BUILTIN, false otherwise.
    profile_data: Option<bool>,
    /// Up to 4,000 characters for the model.
    instructions: Option<String>,
}

/// Limits over the whole life of a run; what is absent is no limit.
#[derive(InputObject, Debug, Clone, Default)]
#[expect(clippy::struct_field_names, reason = "the contract names them so")]
pub struct RunBudgetInput {
    /// United States dollars, above 0. Needs a model whose prices are known.
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

impl TargetInput {
    /// The use case's target; `argument` is its path.
    ///
    /// # Errors
    /// `BadInput` for an id that is none.
    pub fn target(self, argument: &str) -> Result<StartTarget> {
        let table =
            |table: TableScopeInput| scope::TableScope { name: table.name, columns: table.columns.unwrap_or_default() };
        let schema = |schema: SchemaScopeInput| scope::SchemaScope {
            name: schema.name,
            tables: schema.tables.unwrap_or_default().into_iter().map(table).collect(),
        };
        Ok(StartTarget {
            db_profile_id: DbProfileId::from_argument(&self.db_profile_id, &format!("{argument}.dbProfileId"))?,
            scope: scope::RunScope {
                database: self.database,
                schemas: self.schemas.unwrap_or_default().into_iter().map(schema).collect(),
                exclude: patterns(&self.exclude.unwrap_or_default(), &format!("{argument}.exclude"))?,
                partitions: self.partitions.into(),
            },
        })
    }
}

impl StartRunInput {
    /// The use case's input.
    ///
    /// # Errors
    /// `BadInput` for an id that is none, with its path.
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

/// Which run to cancel.
#[derive(InputObject, Debug, Clone)]
pub struct CancelRunInput {
    /// The run.
    pub id: ID,
}

/// Which runs to cancel.
#[derive(InputObject, Debug, Clone)]
pub struct CancelRunsInput {
    /// The runs; an empty filter means all.
    pub filter: RunFilter,
    /// Count the runs, and cancel none.
    #[graphql(default_with = "Some(false)")]
    pub dry_run: Option<bool>,
}

/// A change of a run's title and labels: what is absent stays as it is, null clears.
#[derive(InputObject, Debug, Clone)]
pub struct UpdateRunInput {
    /// The run.
    pub id: ID,
    /// What a person calls it: 1 to 200 characters in one line.
    pub title: MaybeUndefined<String>,
    /// All its labels: at most 20, each 1 to 50 characters. A repeated label counts once.
    pub labels: MaybeUndefined<Vec<String>>,
}

/// Which runs to delete.
#[derive(InputObject, Debug, Clone)]
pub struct DeleteRunsInput {
    /// The runs: at least one, at most 1,000; all of them have ended.
    pub ids: Vec<ID>,
}
