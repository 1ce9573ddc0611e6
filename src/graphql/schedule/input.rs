//! What clients give for schedules.

use async_graphql::{ID, InputObject, MaybeUndefined};
use chrono::SubsecRound;

use super::object::{ReviewStrategy, ScheduleStatus};
use crate::{
    domain::{Result, clock::Moment, id::LlmProfileId, schedule},
    graphql::{
        ids::Key,
        profile::input::kept,
        run::input::{RunBudgetInput, RunOptionsInput, TargetInput, keys},
    },
    service::schedules::{CreateSchedule, UpdateSchedule},
};

/// Which schedules; an absent part does not restrict, an empty list lets nothing through.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ScheduleFilter {
    /// In one of these statuses.
    statuses: Option<Vec<ScheduleStatus>>,
    /// On one of these DB profiles.
    db_profile_ids: Option<Vec<ID>>,
}

impl ScheduleFilter {
    /// The filter that it means.
    ///
    /// # Errors
    /// `BadInput` for an id that is none, with its path below `filter`.
    pub fn filter(self) -> Result<schedule::ScheduleFilter> {
        let statuses = self.statuses.map(|statuses| statuses.into_iter().map(Into::into).collect());
        Ok(schedule::ScheduleFilter { statuses, db_profile_ids: keys(self.db_profile_ids, "filter.dbProfileIds")? })
    }
}

/// A schedule to be made.
#[derive(InputObject)]
pub struct CreateScheduleInput {
    /// What people call it: 1 to 100 characters.
    name: String,
    /// The one moment at which it fires, in the future. Give this or `cron`.
    fire_at: Option<Moment>,
    /// When it fires again and again: minute, hour, day of month, month, day of week, as in `30 2 * * MON-FRI`. Give
    /// this or `fireAt`.
    cron: Option<String>,
    /// The IANA name of the time zone in which `cron` is read, as in `Europe/Berlin`.
    #[graphql(default = "UTC")]
    time_zone: String,
    /// Look at the catalog at its times, and start a run only for assets that are new or whose type changed since its
    /// last run.
    #[graphql(default = false)]
    on_change: bool,
    /// What it describes; looked up live now, and anew by each run.
    target: TargetInput,
    /// Which model describes. The profile that is the default when it fires, when absent.
    llm_profile_id: Option<ID>,
    /// How to describe; what is absent keeps its default.
    options: Option<RunOptionsInput>,
    /// Limits of each run; none when absent.
    budget: Option<RunBudgetInput>,
    /// Leave suggestions for review, or write them at once.
    #[graphql(default_with = "ReviewStrategy::Manual")]
    review_strategy: ReviewStrategy,
}

/// A change of a schedule: what is absent stays as it is, null clears.
#[derive(InputObject)]
pub struct UpdateScheduleInput {
    /// The schedule.
    pub id: ID,
    /// What people call it: 1 to 100 characters.
    name: MaybeUndefined<String>,
    /// The one moment at which it fires, in the future; a schedule that repeats needs `cron: null` beside it.
    fire_at: MaybeUndefined<Moment>,
    /// When it fires again and again; a schedule of one moment needs `fireAt: null` beside it.
    cron: MaybeUndefined<String>,
    /// The IANA name of the time zone in which `cron` is read.
    time_zone: MaybeUndefined<String>,
    /// Whether its runs cover only assets that are new or whose type changed.
    on_change: MaybeUndefined<bool>,
    /// What it describes, in place of what it described; looked up live now. Another DB profile begins anew: the next
    /// run covers everything.
    target: MaybeUndefined<TargetInput>,
    /// Which model describes; null for the profile that is the default when it fires.
    llm_profile_id: MaybeUndefined<ID>,
    /// How to describe, in place of all options before; null for the defaults.
    options: MaybeUndefined<RunOptionsInput>,
    /// Limits of each run, in place of all limits before; null for none.
    budget: MaybeUndefined<RunBudgetInput>,
    /// Leave suggestions for review, or write them at once.
    review_strategy: MaybeUndefined<ReviewStrategy>,
}

/// A moment as it is recorded.
fn recorded(moment: Moment) -> Moment {
    moment.trunc_subsecs(3)
}

fn llm_profile(id: &ID) -> Result<LlmProfileId> {
    LlmProfileId::from_argument(id, "input.llmProfileId")
}

impl CreateScheduleInput {
    /// The use case's input.
    ///
    /// # Errors
    /// `BadInput` for an id that is none, with its path.
    pub fn order(self, created_by: String) -> Result<CreateSchedule> {
        Ok(CreateSchedule {
            name: self.name,
            fire_at: self.fire_at.map(recorded),
            cron: self.cron,
            time_zone: self.time_zone,
            on_change: self.on_change,
            target: self.target.target("input.target")?,
            llm_profile_id: self.llm_profile_id.as_ref().map(llm_profile).transpose()?,
            options: self.options.map(Into::into).unwrap_or_default(),
            budget: self.budget.map(Into::into).unwrap_or_default(),
            review_strategy: self.review_strategy.into(),
            created_by,
        })
    }
}

impl UpdateScheduleInput {
    /// The use case's input.
    ///
    /// # Errors
    /// `BadInput` for an id that is none, and for a null that cannot be.
    pub fn change(self) -> Result<UpdateSchedule> {
        let llm_profile_id: Option<Option<ID>> = self.llm_profile_id.into();
        let options: Option<Option<RunOptionsInput>> = self.options.into();
        let budget: Option<Option<RunBudgetInput>> = self.budget.into();
        Ok(UpdateSchedule {
            name: kept(self.name, "name")?,
            fire_at: self.fire_at.map_value(recorded).into(),
            cron: self.cron.into(),
            time_zone: kept(self.time_zone, "timeZone")?,
            on_change: kept(self.on_change, "onChange")?,
            target: kept(self.target, "target")?.map(|target| target.target("input.target")).transpose()?,
            llm_profile_id: llm_profile_id.map(|id| id.as_ref().map(llm_profile).transpose()).transpose()?,
            options: options.map(|options| options.map(Into::into).unwrap_or_default()),
            budget: budget.map(|budget| budget.map(Into::into).unwrap_or_default()),
            review_strategy: kept(self.review_strategy, "reviewStrategy")?.map(Into::into),
        })
    }
}

/// Which schedule to pause.
#[derive(InputObject)]
pub struct PauseScheduleInput {
    /// The schedule.
    pub id: ID,
}

/// Which schedule to resume.
#[derive(InputObject)]
pub struct ResumeScheduleInput {
    /// The schedule.
    pub id: ID,
}

/// Which schedule to run now.
#[derive(InputObject)]
pub struct RunScheduleNowInput {
    /// The schedule.
    pub id: ID,
}

/// Which schedule to delete.
#[derive(InputObject)]
pub struct DeleteScheduleInput {
    /// The schedule.
    pub id: ID,
}
