//! The schedule itself, and lists of it.

use crate::domain::text::visible;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::{
    domain::{
        self, Error,
        clock::Moment,
        filter::{RunFilter, RunOrder},
        page::Page,
        profile,
        schedule::{self, ScheduleFilter, Timing},
    },
    graphql::{
        connection::{PageInfo, Rows, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        ids::Key,
        profile::object::{DbProfile, LlmProfile},
        run::{
            object::RunConnection,
            parts::{RunBudget, RunError, RunOptions, RunScope},
        },
    },
    service::schedules::options_with,
};

/// Firings that are told ahead.
const MAX_FIRINGS: usize = 10;

/// Where a schedule stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schedule::ScheduleStatus")]
pub enum ScheduleStatus {
    /// It fires at `nextFireAt`.
    Active,
    /// A person stopped it for a while; `resumeSchedule` lets it go on.
    Paused,
    /// Its one moment passed while no server ran.
    Missed,
    /// Its one moment has fired.
    Completed,
}

/// What becomes of what a scheduled run proposes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schedule::ReviewStrategy")]
pub enum ReviewStrategy {
    /// It waits for a person's review.
    Manual,
    /// The first suggestion of each asset is written at once.
    Auto,
}

/// Runs that nobody starts by hand: at one moment, or again and again.
#[derive(Clone)]
pub struct Schedule(pub Arc<schedule::Schedule>);

impl Schedule {
    /// The model of its runs, were they started now.
    async fn model(&self, context: &Context<'_>) -> Result<Option<Arc<profile::LlmProfile>>> {
        let loaders = loaders(context);
        Ok(match self.0.settings.llm_profile_id {
            Some(id) => loaders.llm_profiles.load(id).await?,
            None => loaders.default_llm_profile.load(()).await?,
        })
    }
}

/// Runs that nobody starts by hand: at one moment, or again and again.
#[Object]
impl Schedule {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Where it stands.
    async fn status(&self) -> ScheduleStatus {
        self.0.status.into()
    }

    /// Set for a schedule that repeats; five fields (minute, hour, day of month, month, day of week), read in
    /// `timeZone`. Where hours are named, a time that the clock skips fires at the end of the skipped span, and one
    /// that it shows twice fires the first time; an expression of every hour keeps its pace.
    async fn cron(&self) -> Option<&str> {
        match &self.0.settings.timing {
            Timing::Cron(expression) => Some(expression),
            Timing::Once(_) => None,
        }
    }

    /// Whether it looks at the catalog at its times, and starts a run only for assets that are new or whose type
    /// changed since its last run; none where nothing did. Its first run covers everything.
    async fn on_change(&self) -> bool {
        self.0.settings.on_change
    }

    /// The IANA name of the time zone in which `cron` is read.
    async fn time_zone(&self) -> &str {
        &self.0.settings.time_zone
    }

    /// Set for a schedule of one moment.
    async fn fire_at(&self) -> Option<Moment> {
        match self.0.settings.timing {
            Timing::Once(moment) => Some(moment),
            Timing::Cron(_) => None,
        }
    }

    /// When it fires next; null unless it is ACTIVE.
    async fn next_fire_at(&self) -> Option<Moment> {
        self.0.next_fire_at
    }

    /// Its next firings, soonest first; none unless it is ACTIVE.
    #[graphql(complexity = "10")]
    async fn next_firings(
        &self,
        #[graphql(desc = "At most so many, 0 to 10.", default_with = "Some(5)")] first: Option<i32>,
    ) -> Result<Vec<Moment>> {
        let first = first.unwrap_or(5);
        let most = usize::try_from(first)
            .ok()
            .filter(|most| *most <= MAX_FIRINGS)
            .ok_or_else(|| Error::bad_input("first", format!("`first` is {first}; it goes from 0 to {MAX_FIRINGS}")))?;
        Ok(self.0.next_firings(most)?)
    }

    /// When it last fired or was run by hand; null until then.
    async fn last_fire_at(&self) -> Option<Moment> {
        self.0.last_fire_at
    }

    /// When it was made.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// Limits of each of its runs; null where it has none.
    async fn budget(&self) -> Option<RunBudget> {
        RunBudget::of(&self.0.settings.budget)
    }

    /// Why its last firing started nothing, or its last run FAILED or PAUSED; null again after one that went well.
    async fn last_error(&self) -> Option<RunError> {
        self.0.last_error.as_ref().map(RunError::from)
    }

    /// The database. A profile that a schedule uses cannot be deleted.
    async fn db_profile(&self, context: &Context<'_>) -> Result<DbProfile> {
        let profile = loaders(context).db_profiles.load(self.0.settings.db_profile_id).await?;
        let gone = || Error::internal(format!("schedule {} names a DB profile that is gone", self.0.id));
        Ok(DbProfile(profile.ok_or_else(gone)?))
    }

    /// The language model; null for whichever profile is the default when it fires.
    async fn llm_profile(&self, context: &Context<'_>) -> Result<Option<LlmProfile>> {
        let Some(id) = self.0.settings.llm_profile_id else { return Ok(None) };
        Ok(loaders(context).llm_profiles.load(id).await?.map(LlmProfile))
    }

    /// What its runs cover, resolved anew by each: a new table in scope is taken up.
    async fn scope(&self) -> RunScope {
        RunScope::from(&self.0.settings.scope)
    }

    /// The scope in one line: `public.users, public.orders, +3 more`.
    async fn scope_summary(&self) -> String {
        visible(&self.0.settings.scope.summary()).into_owned()
    }

    /// How its runs describe. What was not chosen is the default of the model as it is now.
    async fn options(&self, context: &Context<'_>) -> Result<RunOptions> {
        let model = self.model(context).await?;
        Ok(RunOptions::from(&options_with(&self.0, model.as_deref())))
    }

    /// What becomes of what its runs propose.
    async fn review_strategy(&self) -> ReviewStrategy {
        self.0.settings.review_strategy.into()
    }

    /// The runs that it started, newest first. A page has 50 unless told, at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Up to this cursor.")] before: Option<String>,
    ) -> Result<RunConnection> {
        let filter = RunFilter { schedule_ids: Some(vec![self.0.id]), ..RunFilter::default() };
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).runs.list(&filter, RunOrder::default(), &arguments).await?;
        Ok(RunConnection::new(page, filter))
    }
}

/// A schedule in a list, with its place.
#[derive(SimpleObject)]
pub struct ScheduleEdge {
    /// Its place in this list; give it as `after` or `before`.
    cursor: String,
    /// The schedule.
    node: Schedule,
}

/// One page of schedules.
pub struct ScheduleConnection {
    rows: Rows<Schedule>,
    filter: ScheduleFilter,
}

impl ScheduleConnection {
    /// The page, and the filter that its count is under.
    pub fn new(page: Page<domain::schedule::Schedule>, filter: ScheduleFilter) -> Self {
        Self { rows: Rows::new(page, |it| Schedule(Arc::new(it))), filter }
    }
}

/// One page of schedules.
#[Object]
impl ScheduleConnection {
    /// The schedules of this page with their cursors.
    async fn edges(&self) -> Vec<ScheduleEdge> {
        self.rows.edges(|cursor, node| ScheduleEdge { cursor, node })
    }

    /// The schedules of this page.
    async fn nodes(&self) -> Vec<Schedule> {
        self.rows.nodes()
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info()
    }

    /// All schedules under the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.schedules_count(&self.filter).await?))
    }
}
