//! Input types of schedules.

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

/// A filter of schedules. An absent field does not restrict; an empty list matches nothing.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ScheduleFilter {
    /// Only schedules in these statuses.
    statuses: Option<Vec<ScheduleStatus>>,
    /// Only schedules on these DB profiles.
    db_profile_ids: Option<Vec<ID>>,
}

impl ScheduleFilter {
    /// Converts it to the domain's filter.
    ///
    /// # Errors
    /// Returns `BadInput` with its path below `filter` for an invalid id.
    pub fn filter(self) -> Result<schedule::ScheduleFilter> {
        let statuses = self.statuses.map(|statuses| statuses.into_iter().map(Into::into).collect());
        Ok(schedule::ScheduleFilter { statuses, db_profile_ids: keys(self.db_profile_ids, "filter.dbProfileIds")? })
    }
}

/// The schedule to create.
#[derive(InputObject)]
pub struct CreateScheduleInput {
    /// Its name: 1 to 100 characters.
    name: String,
    /// The one time at which it fires, in the future. Give this or `cron`.
    fire_at: Option<Moment>,
    /// When it fires repeatedly: minute, hour, day of month, month, day of week, as in `30 2 * * MON-FRI`. Give this or
    /// `fireAt`.
    cron: Option<String>,
    /// The IANA name of the time zone of `cron`, as in `Europe/Berlin`.
    #[graphql(default = "UTC")]
    time_zone: String,
    /// Whether a firing reads the catalog and starts a run only for assets that are new or whose type changed since its
    /// last run.
    #[graphql(default = false)]
    on_change: bool,
    /// The target. It is checked live now, and resolved again by each run.
    target: TargetInput,
    /// The model that describes. Default: the profile that is the default when the schedule fires.
    llm_profile_id: Option<ID>,
    /// How to describe; absent options keep their defaults.
    options: Option<RunOptionsInput>,
    /// Limits of each run. Default: none.
    budget: Option<RunBudgetInput>,
    /// Whether suggestions wait for review or are written at once.
    #[graphql(default_with = "ReviewStrategy::Manual")]
    review_strategy: ReviewStrategy,
}

/// A change of a schedule. Absent fields keep their values; null clears them.
#[derive(InputObject)]
pub struct UpdateScheduleInput {
    /// The schedule.
    pub id: ID,
    /// Its name: 1 to 100 characters.
    name: MaybeUndefined<String>,
    /// The one time at which it fires, in the future. For a repeating schedule, also set `cron` to null.
    fire_at: MaybeUndefined<Moment>,
    /// When it fires repeatedly. For a one-time schedule, also set `fireAt` to null.
    cron: MaybeUndefined<String>,
    /// The IANA name of the time zone of `cron`.
    time_zone: MaybeUndefined<String>,
    /// Whether its runs cover only assets that are new or whose type changed.
    on_change: MaybeUndefined<bool>,
    /// The new target, checked live now. If the DB profile changes, the next run covers everything.
    target: MaybeUndefined<TargetInput>,
    /// The model that describes; null for the profile that is the default when it fires.
    llm_profile_id: MaybeUndefined<ID>,
    /// How to describe, replacing all previous options; null for the defaults.
    options: MaybeUndefined<RunOptionsInput>,
    /// Limits of each run, replacing all previous limits; null for none.
    budget: MaybeUndefined<RunBudgetInput>,
    /// Whether suggestions wait for review or are written at once.
    review_strategy: MaybeUndefined<ReviewStrategy>,
}

/// Truncates a time to milliseconds, as the store records it.
fn recorded(moment: Moment) -> Moment {
    moment.trunc_subsecs(3)
}

fn llm_profile(id: &ID) -> Result<LlmProfileId> {
    LlmProfileId::from_argument(id, "input.llmProfileId")
}

impl CreateScheduleInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` with its path for an invalid id.
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
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` for an invalid id, and for null where it is not allowed.
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

/// The schedule to pause.
#[derive(InputObject)]
pub struct PauseScheduleInput {
    /// The schedule.
    pub id: ID,
}

/// The schedule to resume.
#[derive(InputObject)]
pub struct ResumeScheduleInput {
    /// The schedule.
    pub id: ID,
}

/// The schedule to run now.
#[derive(InputObject)]
pub struct RunScheduleNowInput {
    /// The schedule.
    pub id: ID,
}

/// The schedule to delete.
#[derive(InputObject)]
pub struct DeleteScheduleInput {
    /// The schedule.
    pub id: ID,
}
