//! The types of a run and of lists of runs.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, Object, Result, SimpleObject, connection::EmptyFields};
use tokio::sync::OnceCell;

use super::{
    event::{RunEvent, RunEventConnection, RunEventType},
    input::OrderDirection,
    parts::{
        RunBudget, RunCommand, RunError, RunKind, RunOptions, RunProgress, RunScope, RunStatus, RunWait, TokenUsage,
        seconds,
    },
};
use crate::{
    domain::{self, clock::Moment, event, filter::RunFilter, page::Page, run::RunCounts, status, text::visible},
    graphql::{
        apply::{
            input::ApplyOutcomeFilter,
            object::{ApplyOutcomeConnection, ApplyOutcomeTotals, outcomes},
        },
        ask::object::AskTurn,
        connection::{Connection, connection, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        ids::Key,
        profile::object::{DbProfile, LlmProfile},
        schedule::object::Schedule,
        server::object::Worker,
        suggestion::{
            input::{SuggestionFilter, SuggestionOrder, SuggestionOrderField},
            object::{ConfidenceDistribution, ReviewCounts, SuggestionConnection, suggestions},
        },
    },
};

/// A unit of work on one database, started by a person or a schedule.
#[derive(Clone)]
pub struct Run(pub Arc<domain::run::Run>);

/// A unit of work on one database, started by a person or a schedule.
#[Object]
impl Run {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its number, counted from 1 and shown as #123.
    async fn number(&self) -> i32 {
        count(self.0.id.0)
    }

    /// The kind of run.
    async fn kind(&self) -> RunKind {
        self.0.spec.kind.into()
    }

    /// The command that started it.
    async fn command(&self) -> RunCommand {
        self.0.spec.command.into()
    }

    /// Its status.
    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// What it covers.
    async fn scope(&self) -> RunScope {
        RunScope::from(&self.0.spec.scope)
    }

    /// The scope in one line: `public.users, public.orders, +3 more`.
    async fn scope_summary(&self) -> Cow<'_, str> {
        visible(&self.0.scope_summary)
    }

    /// The DB profile. Null if it was deleted, or if an ASK run searches several.
    async fn db_profile(&self, context: &Context<'_>) -> Result<Option<DbProfile>> {
        let Some(id) = self.0.spec.db_profile_id else { return Ok(None) };
        Ok(loaders(context).db_profiles.load_one(id).await?.map(DbProfile))
    }

    /// The LLM profile. Null if it was deleted.
    async fn llm_profile(&self, context: &Context<'_>) -> Result<Option<LlmProfile>> {
        let Some(id) = self.0.spec.llm_profile_id else { return Ok(None) };
        Ok(loaders(context).llm_profiles.load_one(id).await?.map(LlmProfile))
    }

    /// The DB profile's name when the run was created.
    async fn db_profile_name(&self) -> Option<&str> {
        self.0.spec.db_profile_name.as_deref()
    }

    /// The LLM profile's name when the run was created.
    async fn llm_profile_name(&self) -> Option<&str> {
        self.0.spec.llm_profile_name.as_deref()
    }

    /// The model's name at the provider.
    async fn model(&self) -> Option<&str> {
        self.0.spec.model.as_deref()
    }

    /// The version of the prompts that it sends: their purpose and a hash of their texts. Null until it has begun, and
    /// for BUILTIN.
    async fn prompt_version(&self) -> Option<&str> {
        self.0.prompt_version.as_deref()
    }

    /// How it describes.
    async fn options(&self) -> RunOptions {
        RunOptions::from(&self.0.spec.options)
    }

    /// Its limits; null if it has none.
    async fn budget(&self) -> Option<RunBudget> {
        RunBudget::of(&self.0.spec.budget)
    }

    /// When it was created.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// When a worker first took it; null while it is queued.
    async fn started_at(&self) -> Option<Moment> {
        self.0.started_at
    }

    /// When it ended; null until then. Later reviews, applies and roll-backs do not change it.
    async fn finished_at(&self) -> Option<Moment> {
        self.0.finished_at
    }

    /// Seconds spent RUNNING so far, without applies and roll-backs. Null before the run started.
    async fn duration_seconds(&self, context: &Context<'_>) -> Option<f64> {
        self.0.duration_ms(services(context).ports.clock.now()).map(seconds)
    }

    /// Seconds spent APPLYING so far. Null before the first apply.
    async fn apply_seconds(&self, context: &Context<'_>) -> Option<f64> {
        self.0.apply_ms(services(context).ports.clock.now()).map(seconds)
    }

    /// The caller that started it: a token's name, `local` without tokens, or a schedule's name.
    async fn started_by(&self) -> &str {
        &self.0.spec.started_by
    }

    /// The caller that cancelled it; null unless it is CANCELLING or CANCELLED.
    async fn cancelled_by(&self) -> Option<&str> {
        self.0.cancelled_by.as_deref()
    }

    /// Its title, set by `updateRun`; null if it has none.
    async fn title(&self) -> Option<&str> {
        self.0.naming.title.as_deref()
    }

    /// Its labels without repeats, in their given order, set by `updateRun`.
    async fn labels(&self) -> &[String] {
        &self.0.naming.labels
    }

    /// What it is waiting for: a free worker, or a provider or target that does not answer. Null if it is not waiting.
    async fn waiting(&self) -> Option<RunWait> {
        self.0.waiting.as_ref().map(RunWait::from)
    }

    /// Its progress.
    async fn progress(&self) -> RunProgress {
        RunProgress::from(&self.0.progress)
    }

    /// Its usage of the model so far.
    async fn usage(&self) -> TokenUsage {
        TokenUsage::from(&self.0.usage)
    }

    /// Why it failed or paused; null otherwise.
    async fn error(&self) -> Option<RunError> {
        self.0.error.as_ref().map(RunError::from)
    }

    /// Whether `cancelRun` would have an effect now.
    async fn can_cancel(&self) -> bool {
        self.0.status.can_cancel()
    }

    /// The sequence number of its last event.
    async fn last_sequence(&self) -> i32 {
        self.0.last_sequence
    }

    /// The run that it repeats; null if it is not a re-run.
    async fn parent(&self, context: &Context<'_>) -> Result<Option<Self>> {
        let Some(id) = self.0.spec.parent_id else { return Ok(None) };
        Ok(loaders(context).runs.load_one(id).await?.map(Self))
    }

    /// The schedule that started it; null if none did, or if it was deleted.
    async fn schedule(&self, context: &Context<'_>) -> Result<Option<Schedule>> {
        let Some(id) = self.0.spec.schedule_id else { return Ok(None) };
        Ok(loaders(context).schedules.load_one(id).await?.map(Schedule))
    }

    /// The question that it answers; null unless its kind is ASK.
    async fn ask_turn(&self, context: &Context<'_>) -> Result<Option<AskTurn>> {
        if self.0.spec.kind != status::RunKind::Ask {
            return Ok(None);
        }
        Ok(loaders(context).turns_of_runs.load_one(self.0.id).await?.map(AskTurn))
    }

    /// Its suggestions, in the order of its rows by default. The page size is 50 by default and at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn suggestions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only suggestions that match.")] filter: Option<SuggestionFilter>,
        #[graphql(desc = "The order. Default: by position, ascending.")] order_by: Option<SuggestionOrder>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<SuggestionConnection> {
        let filter: domain::suggestion::SuggestionFilter = filter.map(Into::into).unwrap_or_default();
        let order = order_by
            .unwrap_or(SuggestionOrder { field: SuggestionOrderField::Position, direction: OrderDirection::Asc });
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).runs.suggestions(self.0.id, &filter, order.into(), &arguments).await?;
        Ok(suggestions(page, self.0.id, filter))
    }

    /// Its events, oldest first. The page size is 50 by default and at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only events of these types.")] types: Option<Vec<RunEventType>>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<RunEventConnection> {
        let types: Option<Vec<event::RunEventType>> =
            types.map(|types| types.into_iter().map(event::RunEventType::from).collect());
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).runs.events(self.0.id, types.as_deref(), &arguments).await?;
        Ok(connection(page, EmptyFields, |event| RunEvent::recorded(Arc::new(event))))
    }

    /// The number of its suggestions per confidence band.
    async fn confidence_distribution(&self, context: &Context<'_>) -> Result<ConfidenceDistribution> {
        let counts = loaders(context).confidence.load_one(self.0.id).await?;
        Ok(counts.unwrap_or_default().into())
    }

    /// The number of its suggestions per review state.
    async fn review_counts(&self, context: &Context<'_>) -> Result<ReviewCounts> {
        let counts = loaders(context).reviews.load_one(self.0.id).await?;
        Ok(counts.unwrap_or_default().into())
    }

    /// The outcomes of its last apply or roll-back, in the order of writing. The page size is 50 by default and at most
    /// 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn apply_outcomes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only outcomes that match.")] filter: Option<ApplyOutcomeFilter>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<ApplyOutcomeConnection> {
        let statuses = filter.unwrap_or_default().statuses();
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).applies.outcomes(self.0.id, statuses.as_deref(), &arguments).await?;
        Ok(outcomes(page, ApplyOutcomeTotals::Recorded(self.0.id, statuses)))
    }

    /// The process that is working on it; null if none is.
    async fn worker(&self, context: &Context<'_>) -> Result<Option<Worker>> {
        let Some(id) = &self.0.worker_id else { return Ok(None) };
        Ok(loaders(context).workers.load_one(id.clone()).await?.map(Worker))
    }
}

/// The number of runs of one kind.
#[derive(SimpleObject)]
pub struct RunKindCount {
    /// The kind.
    kind: RunKind,
    /// The number of runs.
    count: i32,
}

/// The number of runs in one status.
#[derive(SimpleObject)]
pub struct RunStatusCount {
    /// The status.
    status: RunStatus,
    /// The number of runs.
    count: i32,
}

/// Returns a count for every kind; 0 for kinds without runs.
pub fn kind_counts(counts: &HashMap<status::RunKind, i64>) -> Vec<RunKindCount> {
    let of = |kind: &status::RunKind| count(counts.get(kind).copied().unwrap_or_default());
    status::RunKind::ALL.iter().map(|kind| RunKindCount { kind: (*kind).into(), count: of(kind) }).collect()
}

/// Returns a count for every status; 0 for statuses without runs.
pub fn status_counts(counts: &HashMap<status::RunStatus, i64>) -> Vec<RunStatusCount> {
    let of = |status: &status::RunStatus| count(counts.get(status).copied().unwrap_or_default());
    status::RunStatus::ALL.iter().map(|status| RunStatusCount { status: (*status).into(), count: of(status) }).collect()
}

/// One page of runs.
pub type RunConnection = Connection<Run, RunTotals>;

/// Converts a page of the runs that match `filter` to a connection.
pub fn runs(page: Page<domain::run::Run>, filter: RunFilter) -> RunConnection {
    connection(page, RunTotals { filter, counts: OnceCell::new() }, |run| Run(Arc::new(run)))
}

/// The counts of the runs that match a filter.
pub struct RunTotals {
    filter: RunFilter,
    /// The counts by kind and status, once either was asked for.
    counts: OnceCell<RunCounts>,
}

impl RunTotals {
    async fn counts(&self, context: &Context<'_>) -> domain::Result<&RunCounts> {
        self.counts.get_or_try_init(|| services(context).ports.store.run_counts(&self.filter)).await
    }
}

/// The counts of the runs that match a filter.
#[Object]
impl RunTotals {
    /// The number of runs that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.runs_count(&self.filter).await?))
    }

    /// The number of runs per kind that match the filter, ignoring its `kinds`. Every kind is listed.
    async fn kind_counts(&self, context: &Context<'_>) -> Result<Vec<RunKindCount>> {
        Ok(kind_counts(&self.counts(context).await?.kinds(&self.filter)))
    }

    /// The number of runs per status that match the filter, ignoring its `statuses`. Every status is listed.
    async fn status_counts(&self, context: &Context<'_>) -> Result<Vec<RunStatusCount>> {
        Ok(status_counts(&self.counts(context).await?.statuses(&self.filter)))
    }
}
