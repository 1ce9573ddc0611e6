//! The store: where Gloss keeps its own records. One trait per family of records; [`Store`] is all of them.
//!
//! The rule: a change of a run is one transaction, and its nudge follows the commit. An implementation is
//! given the bus and nudges by itself, so that no caller can forget to.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;

use super::tokens::TokenStore;
use crate::domain::{
    Result,
    apply::{AppliedComment, AppliedCommentFilter, ApplyItem, ApplyOrder, ApplyStatus, Begun},
    ask::{AskSession, AskTurn, ToolUse},
    asset::AssetPath,
    catalog::{Schema, TableDetail},
    clock::Moment,
    compare::{ComparedAsset, ComparedAssetFilter, ComparedSet, ComparedText, TextFigures},
    coverage::Coverage,
    event::{RunEvent, RunEventType},
    filter::{OrderDirection, RunFilter, RunOrder},
    id::{
        AppliedCommentId, AskSessionId, AskTurnId, ComparisonId, DbProfileId, LlmProfileId, RunId, ScheduleId,
        SuggestionId,
    },
    identity::{Confirmation, Identity},
    page::{Page, PageRequest},
    profile::{DbProfile, LlmProfile, LlmProvider, NewDbProfile, NewLlmProfile},
    review::{Decision, Reviewed, Selection},
    run::{NewRun, Row, Run, RunEdit},
    schedule::{Firing, NewSchedule, Schedule, ScheduleFilter},
    search::{AssetHit, KnownAsset, Need, SearchQuery},
    status::{RunKind, RunStatus},
    suggestion::{
        Alternative, ConfidenceDistribution, Evidence, ReviewCounts, Suggestion, SuggestionFilter,
        SuggestionOrderField, SuggestionTally, TableCount,
    },
    usage::UsageSum,
};

/// What happens to a run, applied inside the store's transaction.
pub type Change = Box<dyn FnOnce(&mut RunEdit) -> Result<()> + Send>;

/// What happens to a schedule, applied inside the store's transaction.
pub type ScheduleChange = Box<dyn FnOnce(&mut Schedule) -> Result<()> + Send>;

/// A client's promise that two requests are the same one.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The client's key.
    pub key: String,
    /// What tells one input from another.
    pub fingerprint: String,
}

/// A process that works on runs.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerRecord {
    /// Its id, random.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// When it started.
    pub started_at: Moment,
    /// Its last sign of life.
    pub last_seen_at: Moment,
    /// Runs at once.
    pub capacity: i32,
}

/// Runs, their rows and their events.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Records runs as QUEUED with event 1 each, all or none. A run with a question gets its turn, and a session unless
    /// the question names one. With a known key and the same fingerprint it records nothing and gives the runs of that
    /// key back.
    ///
    /// # Errors
    /// `Conflict` for a known key with another fingerprint, or where the session's question before is still being
    /// answered; `NotFound` for an unknown session; `LimitExceeded` where a starter would have more runs in the queue
    /// than one may.
    async fn create_runs(&self, runs: Vec<NewRun>, idempotency: Option<Idempotency>, at: Moment) -> Result<Vec<Run>>;

    /// Changes one run in one transaction: reads it, applies the change, writes the run, new rows, outcomes with
    /// their suggestions, and events. `fence` is the attempt number of the caller's claim.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the run is in another attempt than `fence`; `LimitExceeded` where it would go back
    /// into the queue and its starter has as many there as one may; what the change returns.
    async fn change_run(&self, id: RunId, fence: Option<i32>, at: Moment, change: Change) -> Result<Run>;

    /// Gives a run that waits for a worker to one: queued, or APPLYING without a worker. It is the oldest of whoever
    /// has the fewest runs at work.
    async fn claim_next(&self, worker_id: &str, at: Moment, lease: Duration) -> Result<Option<Run>>;

    /// Renews a worker's leases on the runs it works on, and its own sign of life.
    async fn renew(&self, worker_id: &str, runs: &[RunId], at: Moment, lease: Duration) -> Result<()>;

    /// The runs that a key has given before; `None` for a new key.
    ///
    /// # Errors
    /// `Conflict` for a known key with another fingerprint, or whose runs were deleted.
    async fn runs_of_key(&self, idempotency: &Idempotency) -> Result<Option<Vec<Run>>>;

    /// Runs at work whose lease has run out at `at`.
    async fn orphans(&self, at: Moment) -> Result<Vec<RunId>>;

    /// Runs by key; unknown ones are missing.
    async fn runs_by_id(&self, ids: &[RunId]) -> Result<HashMap<RunId, Run>>;

    /// One page of the list.
    async fn runs_page(&self, filter: &RunFilter, order: RunOrder, page: &PageRequest) -> Result<Page<Run>>;

    /// How many runs pass.
    async fn runs_count(&self, filter: &RunFilter) -> Result<i64>;

    /// Runs per kind that pass without the filter's kinds; kinds without runs are missing.
    async fn kind_counts(&self, filter: &RunFilter) -> Result<HashMap<RunKind, i64>>;

    /// Runs per status that pass without the filter's statuses; statuses without runs are missing.
    async fn status_counts(&self, filter: &RunFilter) -> Result<HashMap<RunStatus, i64>>;

    /// The keys of all runs that pass and are in one of these statuses, ascending.
    async fn run_ids(&self, filter: &RunFilter, statuses: &[RunStatus]) -> Result<Vec<RunId>>;

    /// Deletes runs with all that belongs to them, all or none.
    ///
    /// # Errors
    /// `NotFound` for an unknown run, `Conflict` for a live one, each naming it.
    async fn delete_runs(&self, ids: &[RunId]) -> Result<()>;

    /// The next rows without an outcome, by position.
    async fn pending_rows(&self, id: RunId, after_position: i32, limit: u64) -> Result<Vec<Row>>;

    /// Events after a sequence number, in order, at most `limit`.
    async fn events_after(&self, id: RunId, after: i32, limit: u64) -> Result<Vec<RunEvent>>;

    /// One page of a run's events.
    async fn events_page(
        &self,
        id: RunId,
        types: Option<&[RunEventType]>,
        page: &PageRequest,
    ) -> Result<Page<RunEvent>>;
}

/// One page of a plan.
#[derive(Debug, Clone)]
pub struct PlanPage {
    /// The page; a cursor of `list` holds the position.
    pub page: Page<ApplyItem>,
    /// How many items the plan has in all.
    pub total: usize,
    /// For a roll-back: all items on the page's assets, by position on each. One that comes earlier changes what a
    /// later one finds.
    pub on_assets: Vec<ApplyItem>,
}

/// Reviews, applies and roll-backs.
#[async_trait]
pub trait ReviewStore: Send + Sync {
    /// Decides on suggestions in one transaction: all that are selected, or none. Accepting one skips the others of its
    /// chain. An accept of many leaves out assets with a person's comment, as its [`crate::domain::review::Comments`]
    /// say. Runs whose last decision fell or was restored follow by [`RunEdit::settle`], each with its nudge.
    ///
    /// # Errors
    /// `NotFound` for an unknown suggestion or run; `BadInput` on `input.alternative` where a selected suggestion has
    /// no such alternative, naming the asset; `Conflict` where a selected suggestion's run is APPLYING or CANCELLING an
    /// apply.
    async fn review(&self, selection: Selection, decision: Decision, reviewer: &str, at: Moment) -> Result<Reviewed>;

    /// The items that an apply would have, by position: accepted and edited suggestions of the run whose final text is
    /// not what was last written for them; those of `ids` if given, whatever was written last.
    ///
    /// # Errors
    /// `NotFound` for ids that are no suggestions of the run; `BadInput` for one that is not accepted.
    async fn items_to_apply(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>>;

    /// The items that a roll-back would have: writes of the run that were not undone, newest first.
    ///
    /// # Errors
    /// `NotFound` for ids that are no suggestions of the run.
    async fn items_to_roll_back(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>>;

    /// Begins an apply or a roll-back by [`RunEdit::begin_apply`] of what can be written now, of `ids` if given; gives
    /// how many comments that is. With `ids` or an order to overwrite, texts that were written last are written again.
    /// `order.from` is what the run is in then. Before that, `accept_undecided` accepts the first wording of all
    /// undecided suggestions, except where another version is being written and, unless the run's option says
    /// otherwise, where a person's comment stands: what `RUN_APPLY` and AUTO schedules do. It is one transaction, so
    /// that no review falls between. A run that is CANCELLING stays as it is, and so does one without anything to write
    /// that no worker holds (`fence`).
    ///
    /// # Errors
    /// As [`ReviewStore::items_to_apply`]; `Conflict` where the run is in another attempt than `fence`, or, without
    /// one, at work.
    async fn begin_apply(
        &self,
        run: RunId,
        fence: Option<i32>,
        order: ApplyOrder,
        ids: Option<Vec<SuggestionId>>,
        accept_undecided: bool,
        at: Moment,
    ) -> Result<(Run, Begun)>;

    /// One page of the items that an apply or a roll-back would have now, as [`ReviewStore::items_to_apply`] and
    /// [`ReviewStore::items_to_roll_back`] number them; only what it shows is read whole.
    ///
    /// # Errors
    /// As those.
    async fn plan_page(
        &self,
        run: RunId,
        rollback: bool,
        ids: Option<&[SuggestionId]>,
        list: &str,
        page: &PageRequest,
    ) -> Result<PlanPage>;

    /// The next planned items of the run's apply, by position.
    async fn planned_items(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<ApplyItem>>;

    /// What Gloss last wrote on assets of a database, also by roll-back; assets that it never wrote are missing.
    async fn last_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, Option<String>>>;

    /// The databases in which writes of a run stand; `None` among them for writes of versions that did not record it.
    async fn identities_of_writes(&self, run: RunId) -> Result<Vec<Option<Identity>>>;

    /// Writes that were begun and of which it is not known what came of them ([`ApplyItem::doubt`]): of a run, or of
    /// all runs that are not at work.
    async fn items_in_doubt(&self, run: Option<RunId>) -> Result<Vec<(RunId, ApplyItem)>>;

    /// Records what came of a run's items in doubt, by [`RunEdit::settle_item`], and lets the run follow, in one
    /// transaction.
    ///
    /// # Errors
    /// `Conflict` where the run is at work, or one of the items is settled already.
    async fn settle_items(&self, run: RunId, items: Vec<ApplyItem>, at: Moment) -> Result<Run>;

    /// Ends the run's apply by [`RunEdit::finish_apply`], with what its suggestions still need, in one transaction.
    async fn finish_apply(&self, run: RunId, fence: i32, at: Moment) -> Result<Run>;

    /// One page of what the last apply or roll-back of a run did, by position.
    async fn items_page(
        &self,
        run: RunId,
        statuses: Option<&[ApplyStatus]>,
        page: &PageRequest,
    ) -> Result<Page<ApplyItem>>;

    /// How many of these items there are.
    async fn items_count(&self, run: RunId, statuses: Option<&[ApplyStatus]>) -> Result<i64>;

    /// One page of the audit, newest first.
    async fn applied_comments_page(
        &self,
        filter: &AppliedCommentFilter,
        page: &PageRequest,
    ) -> Result<Page<AppliedComment>>;

    /// How many writes pass.
    async fn applied_comments_count(&self, filter: &AppliedCommentFilter) -> Result<i64>;

    /// Writes by key; unknown ones are missing.
    async fn applied_comments_by_id(
        &self,
        ids: &[AppliedCommentId],
    ) -> Result<HashMap<AppliedCommentId, AppliedComment>>;

    /// The suggestions of chains, by version.
    async fn chains(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Suggestion>>>;
}

/// Suggestions.
#[async_trait]
pub trait SuggestionStore: Send + Sync {
    /// One page of a run's suggestions.
    async fn suggestions_page(
        &self,
        run: RunId,
        filter: &SuggestionFilter,
        order: (SuggestionOrderField, OrderDirection),
        page: &PageRequest,
    ) -> Result<Page<Suggestion>>;

    /// How many of a run's suggestions pass.
    async fn suggestions_count(&self, run: RunId, filter: &SuggestionFilter) -> Result<i64>;

    /// How many suggestions of a run pass [`SuggestionFilter::without_tallied`], by what that leaves out.
    async fn suggestion_tallies(&self, run: RunId, filter: &SuggestionFilter) -> Result<Vec<SuggestionTally>>;

    /// The tables of a run with the most suggestions that pass the filter without its table, at most `limit`.
    async fn suggestion_tables(&self, run: RunId, filter: &SuggestionFilter, limit: u64) -> Result<Vec<TableCount>>;

    /// Suggestions by key; unknown ones are missing.
    async fn suggestions_by_id(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Suggestion>>;

    /// The wordings of suggestions, best first.
    async fn alternatives(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Alternative>>>;

    /// The evidence of suggestions, in order.
    async fn evidence(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Evidence>>>;

    /// Suggestions per band.
    async fn confidence_distributions(&self, runs: &[RunId]) -> Result<HashMap<RunId, ConfidenceDistribution>>;

    /// Suggestions per review state.
    async fn review_counts(&self, runs: &[RunId]) -> Result<HashMap<RunId, ReviewCounts>>;
}

/// A comparison that is kept: what one pass over all texts found.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptComparison {
    /// Its key.
    pub id: ComparisonId,
    /// Which texts it saw; see [`crate::domain::compare::stamp`].
    pub stamp: String,
    /// When the pass began: what the figures are as of.
    pub begun_at: Moment,
    /// When it ended.
    pub finished_at: Moment,
    /// What the texts of each run add up to, by the runs' numbers.
    pub figures: Vec<TextFigures>,
}

/// Comparisons of runs. All lists of runs are by number.
#[async_trait]
pub trait ComparisonStore: Send + Sync {
    /// The newest comparison of these runs that is kept.
    async fn kept_comparison(&self, set: &ComparedSet) -> Result<Option<KeptComparison>>;

    /// Begins one; it is found once it is finished. Older ones go: those of the same runs begun before
    /// `replace_before`, and the oldest beyond a bound.
    async fn begin_comparison(
        &self,
        set: &ComparedSet,
        stamp: &str,
        at: Moment,
        replace_before: Moment,
    ) -> Result<ComparisonId>;

    /// The texts of these runs for the next assets after one, about `limit` of them; always all of an asset. `after` is
    /// the display of the last asset that was read.
    async fn compared_texts(&self, runs: &[RunId], after: Option<&str>, limit: u64) -> Result<Vec<ComparedText>>;

    /// The next assets that a run could not describe, with their positions.
    async fn failed_assets(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<(i32, AssetPath)>>;

    /// Which texts Gloss itself ever wrote as comments on these assets, roll-backs aside.
    async fn texts_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, HashSet<String>>>;

    /// Adds assets to a comparison; one that is there stays as it is.
    ///
    /// # Errors
    /// `Conflict` where a run of it was deleted meanwhile.
    async fn keep_compared(&self, comparison: ComparisonId, assets: Vec<ComparedAsset>) -> Result<()>;

    /// Ends the making of a comparison.
    ///
    /// # Errors
    /// `Conflict` where a run of it was deleted meanwhile.
    async fn finish_comparison(&self, comparison: ComparisonId, figures: &[TextFigures], at: Moment) -> Result<()>;

    /// One page of the grid: assets in most runs first, then by name. `list` names it in cursors.
    ///
    /// # Errors
    /// `Conflict` where the comparison is gone.
    async fn compared_page(
        &self,
        comparison: ComparisonId,
        filter: &ComparedAssetFilter,
        list: &str,
        page: &PageRequest,
    ) -> Result<Page<ComparedAsset>>;

    /// How many assets pass.
    async fn compared_count(&self, comparison: ComparisonId, filter: &ComparedAssetFilter) -> Result<i64>;
}

/// Profiles.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// All DB profiles, by name.
    async fn db_profiles(&self) -> Result<Vec<DbProfile>>;

    /// DB profiles by key; unknown ones are missing.
    async fn db_profiles_by_id(&self, ids: &[DbProfileId]) -> Result<HashMap<DbProfileId, DbProfile>>;

    /// Records a DB profile.
    ///
    /// # Errors
    /// `Conflict` where the name is taken.
    async fn create_db_profile(&self, profile: NewDbProfile, at: Moment) -> Result<DbProfile>;

    /// Replaces what a DB profile says.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the name is taken.
    async fn update_db_profile(&self, id: DbProfileId, profile: NewDbProfile) -> Result<DbProfile>;

    /// The databases that runs of a DB profile described or wrote to, and that its schedules are for; `None` among them
    /// for runs and writes of versions that did not record it.
    async fn identities(&self, id: DbProfileId) -> Result<Vec<Option<Identity>>>;

    /// What people confirmed of a DB profile, newest first.
    async fn confirmations(&self, id: DbProfileId) -> Result<Vec<Confirmation>>;

    /// Records confirmations, all or none.
    async fn confirm(&self, confirmations: &[Confirmation]) -> Result<()>;

    /// Deletes a DB profile; ended runs keep its name.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where a live or paused run, or a schedule, uses it, naming that.
    async fn delete_db_profile(&self, id: DbProfileId) -> Result<()>;

    /// All LLM profiles, by name.
    async fn llm_profiles(&self) -> Result<Vec<LlmProfile>>;

    /// LLM profiles by key; unknown ones are missing.
    async fn llm_profiles_by_id(&self, ids: &[LlmProfileId]) -> Result<HashMap<LlmProfileId, LlmProfile>>;

    /// Records an LLM profile. One that is the default takes that from the one before.
    ///
    /// # Errors
    /// `Conflict` where the name is taken.
    async fn create_llm_profile(&self, profile: NewLlmProfile, at: Moment) -> Result<LlmProfile>;

    /// Replaces what an LLM profile says.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the name is taken.
    async fn update_llm_profile(&self, id: LlmProfileId, profile: NewLlmProfile) -> Result<LlmProfile>;

    /// Deletes an LLM profile; ended runs keep its name.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where a live or paused run, or a schedule, uses it, naming that.
    async fn delete_llm_profile(&self, id: LlmProfileId) -> Result<()>;
}

/// Schedules and their firings.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// Records a schedule.
    ///
    /// # Errors
    /// `NotFound` where a profile of it is gone, with the argument's path.
    async fn create_schedule(&self, schedule: NewSchedule, at: Moment) -> Result<Schedule>;

    /// Changes a schedule in one transaction. One that turns to another DB profile forgets what it has seen. `fence` is
    /// the revision that the change was made for, where it was made for one.
    ///
    /// # Errors
    /// `NotFound` for the schedule, or for a profile that it names anew; `Conflict` for another revision; what the
    /// change returns.
    async fn change_schedule(&self, id: ScheduleId, fence: Option<i32>, change: ScheduleChange) -> Result<Schedule>;

    /// Deletes a schedule with its firings and what it has seen; its runs stay.
    ///
    /// # Errors
    /// `NotFound`.
    async fn delete_schedule(&self, id: ScheduleId) -> Result<()>;

    /// Takes a firing in one transaction: records it, moves the schedule on to its next one, and records the run that
    /// it starts, if it starts one. `None` where the schedule is not any more as it was read: the firing was taken by
    /// somebody else, or a person changed the schedule, paused or deleted it.
    async fn fire(&self, schedule: &Schedule, firing: Firing, at: Moment) -> Result<Option<Option<Run>>>;

    /// Plans the next firings again that were planned at a later moment than this one: by a clock that has been set
    /// back since.
    async fn plan_again(&self, at: Moment) -> Result<()>;

    /// The active schedules whose firing is due, the longest due first.
    async fn due_schedules(&self, at: Moment) -> Result<Vec<Schedule>>;

    /// The first firing after a moment.
    async fn next_firing(&self, after: Moment) -> Result<Option<Moment>>;

    /// Schedules by key; unknown ones are missing.
    async fn schedules_by_id(&self, ids: &[ScheduleId]) -> Result<HashMap<ScheduleId, Schedule>>;

    /// One page of the list, newest first.
    async fn schedules_page(&self, filter: &ScheduleFilter, page: &PageRequest) -> Result<Page<Schedule>>;

    /// How many schedules pass.
    async fn schedules_count(&self, filter: &ScheduleFilter) -> Result<i64>;
}

/// What is known of catalogs, for search and questions. It is a copy: the database itself is the truth.
#[async_trait]
pub trait CatalogStore: Send + Sync {
    /// Takes in tables as they were just read: what is new is added, what changed is changed, columns that are gone are
    /// removed. What did not change costs a look and no write. One transaction. A profile that is gone, or that leads
    /// to another database meanwhile, takes nothing; so with all that takes a profile here.
    async fn index_tables(&self, profile: &DbProfile, tables: &[Arc<TableDetail>]) -> Result<()>;

    /// Takes in the schemas of a database as they were just read. Other schemas are gone with all in them.
    async fn index_schemas(&self, profile: &DbProfile, database: Option<&str>, schemas: &[Schema]) -> Result<()>;

    /// Removes the tables of a schema that are not among these, which are all that it has.
    async fn keep_tables(
        &self,
        profile: &DbProfile,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<()>;

    /// There is no table in a profile's database.
    async fn catalog_is_empty(&self, profile: &DbProfile) -> Result<()>;

    /// A profile's catalog was read whole.
    async fn catalog_read(&self, profile: &DbProfile, at: Moment) -> Result<()>;

    /// When a profile's catalog was last read whole; `None` where it never was.
    async fn catalog_read_at(&self, profile: DbProfileId) -> Result<Option<Moment>>;

    /// Those of these profiles whose catalog was never read whole.
    async fn unread_profiles(&self, profiles: &[DbProfileId]) -> Result<Vec<DbProfileId>>;

    /// How much of a profile's catalog is documented, as it was last read whole; `None` where it never was.
    async fn coverage(&self, profile: &DbProfile) -> Result<Option<Coverage>>;

    /// Whether anything is found so, in these profiles or all.
    async fn finds_any(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<bool>;

    /// One page of what is found, best first. Cursors are of `SearchQuery::list_name`.
    async fn search_assets(
        &self,
        query: &SearchQuery,
        need: Need,
        profiles: Option<&[DbProfileId]>,
        page: &PageRequest,
    ) -> Result<Page<AssetHit>>;

    /// How many [`CatalogStore::search_assets`] finds in all; 1,000 is the most that it says.
    async fn search_count(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<i64>;

    /// Assets by how they are displayed, letter case aside.
    async fn assets_named(&self, profiles: &[DbProfileId], names: &[String]) -> Result<Vec<KnownAsset>>;

    /// The columns of a table, in their order.
    async fn columns_of(&self, profile: DbProfileId, table: &AssetPath) -> Result<Vec<KnownAsset>>;

    /// All columns of a profile that refer to another, by name, at most `limit`.
    async fn foreign_keys(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>>;

    /// The tables of these profiles, or of one of their schemas, by name, at most `limit`; and how many there are.
    async fn tables_of(
        &self,
        profiles: &[DbProfileId],
        schema: Option<&AssetPath>,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64)>;

    /// The newest suggestions on these databases whose asset or text holds all these words, each in one of its
    /// spellings, at most `limit`.
    async fn suggestions_holding(
        &self,
        profiles: &[DbProfileId],
        words: &[Vec<String>],
        limit: u64,
    ) -> Result<Vec<Suggestion>>;
}

/// The usage of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUsage {
    /// The service that answered; `None` where it is not known.
    pub provider: Option<LlmProvider>,
    /// The model as the provider spells it.
    pub model: String,
    /// What it was used for.
    pub sum: UsageSum,
}

/// What models were used for. Deleted runs stay counted.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// The usage of each model from a quarter of an hour on, or of all time.
    async fn usage_by_model(&self, from: Option<Moment>) -> Result<Vec<ModelUsage>>;

    /// The usage of each quarter of an hour that has any, from one on, or of all time; in no order.
    async fn usage_by_quarter(&self, from: Option<Moment>) -> Result<Vec<(Moment, UsageSum)>>;
}

/// Questions and their answers. A turn is recorded with its run, by [`RunStore::create_runs`], and so is what happens to
/// it, by [`RunStore::change_run`].
#[async_trait]
pub trait AskStore: Send + Sync {
    /// One page of the sessions, the last active first.
    async fn sessions_page(&self, page: &PageRequest) -> Result<Page<AskSession>>;

    /// How many sessions there are.
    async fn sessions_count(&self) -> Result<i64>;

    /// Sessions by key; unknown ones are missing.
    async fn sessions_by_id(&self, ids: &[AskSessionId]) -> Result<HashMap<AskSessionId, AskSession>>;

    /// One page of a session's turns, oldest first.
    async fn turns_page(&self, session: AskSessionId, page: &PageRequest) -> Result<Page<AskTurn>>;

    /// How many turns a session has.
    async fn turns_count(&self, session: AskSessionId) -> Result<i64>;

    /// The newest turns of a session that came before one (or all), oldest first, at most `limit`.
    async fn last_turns(&self, session: AskSessionId, before: Option<AskTurnId>, limit: u64) -> Result<Vec<AskTurn>>;

    /// Turns by key; unknown ones are missing.
    async fn turns_by_id(&self, ids: &[AskTurnId]) -> Result<HashMap<AskTurnId, AskTurn>>;

    /// The turns that runs answer; other runs are missing.
    async fn turns_of_runs(&self, runs: &[RunId]) -> Result<HashMap<RunId, AskTurn>>;

    /// The tools that turns used, in order.
    async fn tool_uses(&self, turns: &[AskTurnId]) -> Result<HashMap<AskTurnId, Vec<ToolUse>>>;
}

/// Processes that work on runs.
#[async_trait]
pub trait WorkerStore: Send + Sync {
    /// Records a process.
    async fn add_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Forgets a process that leaves, and those not seen since `seen_after`.
    async fn remove_workers(&self, id: Option<&str>, seen_after: Moment) -> Result<()>;

    /// All processes, by start.
    async fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// The runs that these processes hold.
    async fn runs_of_workers(&self, ids: &[String]) -> Result<HashMap<String, Vec<Run>>>;
}

/// The whole store.
#[async_trait]
pub trait Store:
    RunStore
    + SuggestionStore
    + ReviewStore
    + ComparisonStore
    + ProfileStore
    + ScheduleStore
    + TokenStore
    + WorkerStore
    + CatalogStore
    + AskStore
    + UsageStore
    + 'static
{
    /// Reads and writes, and so proves that it can do both.
    ///
    /// # Errors
    /// `Unavailable`, saying what is wrong with the store and what to do.
    async fn prove(&self) -> Result<()>;

    /// What it is, for a person: `SQLite 3.50`.
    fn name(&self) -> String;

    /// Statements sent since the start.
    fn statements(&self) -> u64;
}
