//! The types of a schedule and of lists of schedules.

use crate::domain::text::visible;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result};

use crate::{
    domain::{
        Error,
        clock::Moment,
        filter::{RunFilter, RunOrder},
        page::Page,
        profile,
        schedule::{self, ScheduleFilter, Timing},
    },
    graphql::{
        connection::{Connection, connection, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        ids::Key,
        profile::object::{DbProfile, LlmProfile},
        run::{
            self,
            object::RunConnection,
            parts::{RunBudget, RunError, RunOptions, RunScope},
        },
    },
    service::schedules::options_with,
};

/// The maximum number of announced firings.
const MAX_FIRINGS: usize = 10;

/// The status of a schedule.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schedule::ScheduleStatus")]
pub enum ScheduleStatus {
    /// It fires at `nextFireAt`.
    Active,
    /// It is paused; `resumeSchedule` resumes it.
    Paused,
    /// Its time passed while no server was running. Only a one-time schedule can be missed.
    Missed,
    /// It was a one-time schedule, and it has fired.
    Completed,
}

/// What happens to the suggestions of a scheduled run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schedule::ReviewStrategy")]
pub enum ReviewStrategy {
    /// They wait for review.
    Manual,
    /// The first suggestion of each asset is written at once.
    Auto,
}

/// A plan that starts runs once or repeatedly.
#[derive(Clone)]
pub struct Schedule(pub Arc<schedule::Schedule>);

impl Schedule {
    /// Returns the model that a run would use if it started now.
    async fn model(&self, context: &Context<'_>) -> Result<Option<Arc<profile::LlmProfile>>> {
        let loaders = loaders(context);
        Ok(match self.0.settings.llm_profile_id {
            Some(id) => loaders.llm_profiles.load_one(id).await?,
            None => loaders.default_llm_profile.load_one(()).await?,
        })
    }
}

/// A plan that starts runs once or repeatedly.
#[Object]
impl Schedule {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Its status.
    async fn status(&self) -> ScheduleStatus {
        self.0.status.into()
    }

    /// The cron expression of a repeating schedule, read in `timeZone`: minute, hour, day of month, month, day of week.
    /// When daylight saving time changes, an expression that names hours fires at the end of a skipped hour and once in
    /// a repeated one. An expression that matches every hour keeps its interval.
    async fn cron(&self) -> Option<&str> {
        match &self.0.settings.timing {
            Timing::Cron(expression) => Some(expression),
            Timing::Once(_) => None,
        }
    }

    /// Whether a firing reads the catalog and starts a run only for assets that are new or whose type changed since its
    /// last run. Its first run covers everything.
    async fn on_change(&self) -> bool {
        self.0.settings.on_change
    }

    /// The IANA name of the time zone of `cron`.
    async fn time_zone(&self) -> &str {
        &self.0.settings.time_zone
    }

    /// The time of a one-time schedule.
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

    /// Its next firings, soonest first; empty unless it is ACTIVE.
    #[graphql(complexity = "10")]
    async fn next_firings(
        &self,
        #[graphql(desc = "The number of firings, 0 to 10.", default_with = "Some(5)")] first: Option<i32>,
    ) -> Result<Vec<Moment>> {
        let first = first.unwrap_or(5);
        let most = usize::try_from(first).ok().filter(|most| *most <= MAX_FIRINGS).ok_or_else(|| {
            Error::bad_input("first", format!("`first` is {first}; it must be from 0 to {MAX_FIRINGS}"))
        })?;
        Ok(self.0.next_firings(most)?)
    }

    /// When it last fired or was run by a person; null until then.
    async fn last_fire_at(&self) -> Option<Moment> {
        self.0.last_fire_at
    }

    /// When it was created.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// Limits of each of its runs; null if there are none.
    async fn budget(&self) -> Option<RunBudget> {
        RunBudget::of(&self.0.settings.budget)
    }

    /// Why its last firing started no run, or why its last run failed or paused; null after a success.
    async fn last_error(&self) -> Option<RunError> {
        self.0.last_error.as_ref().map(RunError::from)
    }

    /// The DB profile. It cannot be deleted while a schedule uses it.
    async fn db_profile(&self, context: &Context<'_>) -> Result<DbProfile> {
        let profile = loaders(context).db_profiles.load_one(self.0.settings.db_profile_id).await?;
        let gone = || Error::internal(format!("the DB profile of schedule {} does not exist", self.0.id));
        Ok(DbProfile(profile.ok_or_else(gone)?))
    }

    /// The LLM profile; null for the one that is the default when it fires.
    async fn llm_profile(&self, context: &Context<'_>) -> Result<Option<LlmProfile>> {
        let Some(id) = self.0.settings.llm_profile_id else { return Ok(None) };
        Ok(loaders(context).llm_profiles.load_one(id).await?.map(LlmProfile))
    }

    /// What its runs cover. Each run resolves it again, so new tables in scope are included.
    async fn scope(&self) -> RunScope {
        RunScope::from(&self.0.settings.scope)
    }

    /// The scope in one line: `public.users, public.orders, +3 more`.
    async fn scope_summary(&self) -> String {
        visible(&self.0.settings.scope.summary()).into_owned()
    }

    /// How its runs describe. Options that were not given show the model's current defaults.
    async fn options(&self, context: &Context<'_>) -> Result<RunOptions> {
        let model = self.model(context).await?;
        Ok(RunOptions::from(&options_with(&self.0, model.as_deref())))
    }

    /// What happens to the suggestions of its runs.
    async fn review_strategy(&self) -> ReviewStrategy {
        self.0.settings.review_strategy.into()
    }

    /// The runs that it started, newest first. The page size is 50 by default and at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<RunConnection> {
        let filter = RunFilter { schedule_ids: Some(vec![self.0.id]), ..RunFilter::default() };
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).runs.list(&filter, RunOrder::default(), &arguments).await?;
        Ok(run::object::runs(page, filter))
    }
}

/// One page of schedules.
pub type ScheduleConnection = Connection<Schedule, ScheduleTotals>;

/// Converts a page of the schedules that match `filter` to a connection.
pub fn schedules(page: Page<schedule::Schedule>, filter: ScheduleFilter) -> ScheduleConnection {
    connection(page, ScheduleTotals(filter), |it| Schedule(Arc::new(it)))
}

/// The count of the schedules that match a filter.
pub struct ScheduleTotals(ScheduleFilter);

/// The count of the schedules that match a filter.
#[Object]
impl ScheduleTotals {
    /// The number of schedules that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.schedules_count(&self.0).await?))
    }
}
