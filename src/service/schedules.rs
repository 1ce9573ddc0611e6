//! Schedules: create, change, pause, resume, run now, delete, list.
//!
//! The rule: what a schedule says is checked as a whole when a person makes or changes it, its scope live against the
//! database, so that a firing at night meets no typing error. When it fires is the scheduler's.

use tracing::info;

use super::{
    orders::{check_budget, check_price, check_scope, llm_profile},
    profiles::checked_name,
    runs::StartTarget,
};
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        id::{LlmProfileId, ScheduleId},
        page::{Page, PageArguments, PageRequest},
        profile::{DbProfile, LlmProfile, LlmProvider},
        run::{OptionChoices, Run, RunOptions},
        schedule::{
            Firing, LIST, NewSchedule, Outcome, Recurrence, ReviewStrategy, Schedule, ScheduleFilter, ScheduleSettings,
            Timing, time_zone,
        },
        usage::Budget,
    },
    kind::firing,
    port::Ports,
};

/// How often a run by hand is tried again when somebody changes the schedule meanwhile.
const RUN_TRIES: usize = 5;

/// A schedule to be made.
#[derive(Debug, Clone)]
pub struct CreateSchedule {
    /// What people call it.
    pub name: String,
    /// Its one moment, or
    pub fire_at: Option<Moment>,
    /// its cron expression.
    pub cron: Option<String>,
    /// The zone in which the expression is read.
    pub time_zone: String,
    /// Whether its runs cover only what is new or changed.
    pub on_change: bool,
    /// What it describes.
    pub target: StartTarget,
    /// With which model; whichever is the default when it fires, when absent.
    pub llm_profile_id: Option<LlmProfileId>,
    /// How; what is absent keeps its default.
    pub options: OptionChoices,
    /// Limits of each run.
    pub budget: Budget,
    /// What becomes of what its runs propose.
    pub review_strategy: ReviewStrategy,
    /// The caller that makes it.
    pub created_by: String,
}

/// A change of a schedule. `None` leaves as it is; `Some(None)` clears.
#[derive(Debug, Clone, Default)]
pub struct UpdateSchedule {
    /// See [`CreateSchedule::name`].
    pub name: Option<String>,
    /// See [`CreateSchedule::fire_at`].
    pub fire_at: Option<Option<Moment>>,
    /// See [`CreateSchedule::cron`].
    pub cron: Option<Option<String>>,
    /// See [`CreateSchedule::time_zone`].
    pub time_zone: Option<String>,
    /// See [`CreateSchedule::on_change`].
    pub on_change: Option<bool>,
    /// See [`CreateSchedule::target`].
    pub target: Option<StartTarget>,
    /// See [`CreateSchedule::llm_profile_id`].
    pub llm_profile_id: Option<Option<LlmProfileId>>,
    /// See [`CreateSchedule::options`].
    pub options: Option<OptionChoices>,
    /// See [`CreateSchedule::budget`].
    pub budget: Option<Budget>,
    /// See [`CreateSchedule::review_strategy`].
    pub review_strategy: Option<ReviewStrategy>,
}

/// The use cases.
#[derive(Clone)]
pub struct Schedules {
    ports: Ports,
}

impl Schedules {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Makes a schedule. Walks its scope live.
    ///
    /// # Errors
    /// `BadInput` and `NotFound` with the path of the argument at fault; `Unavailable` for a database that cannot be
    /// reached.
    pub async fn create(&self, input: CreateSchedule) -> Result<Schedule> {
        let now = self.ports.clock.now();
        let settings = ScheduleSettings {
            name: checked_name(input.name)?,
            timing: one_of(input.fire_at, input.cron)?,
            time_zone: input.time_zone,
            on_change: input.on_change,
            db_profile_id: input.target.db_profile_id,
            llm_profile_id: input.llm_profile_id,
            scope: input.target.scope,
            options: input.options,
            budget: input.budget,
            review_strategy: input.review_strategy,
        };
        let next_fire_at = first_firing(&settings, now)?;
        self.check_order(&settings).await?;
        self.check_target(&settings).await?;
        let new = NewSchedule { settings, next_fire_at, created_by: input.created_by };
        let schedule = self.ports.store.create_schedule(new, now).await?;
        info!(schedule = schedule.id.0, name = schedule.settings.name, %next_fire_at, "schedule created");
        Ok(schedule)
    }

    /// Changes a schedule. One whose moment is over is ACTIVE again once it is given another.
    ///
    /// # Errors
    /// As [`Schedules::create`]; `Conflict` where somebody else changes it meanwhile.
    pub async fn update(&self, id: ScheduleId, change: UpdateSchedule) -> Result<Schedule> {
        let now = self.ports.clock.now();
        let old = self.get(id, "input.id").await?;
        let (revision, old) = (old.revision, old.settings);
        let (old_moment, old_cron) = match old.timing.clone() {
            Timing::Once(moment) => (Some(moment), None),
            Timing::Cron(expression) => (None, Some(expression)),
        };
        let turns = change.target.is_some();
        let target = change.target.unwrap_or(StartTarget { db_profile_id: old.db_profile_id, scope: old.scope });
        let timed = matches!(change.fire_at, Some(Some(_))) || matches!(change.cron, Some(Some(_)));
        let settings = ScheduleSettings {
            name: change.name.map_or(Ok(old.name), checked_name)?,
            timing: one_of(change.fire_at.unwrap_or(old_moment), change.cron.unwrap_or(old_cron))?,
            time_zone: change.time_zone.unwrap_or_else(|| old.time_zone.clone()),
            on_change: change.on_change.unwrap_or(old.on_change),
            db_profile_id: target.db_profile_id,
            llm_profile_id: change.llm_profile_id.unwrap_or(old.llm_profile_id),
            scope: target.scope,
            options: change.options.unwrap_or(old.options),
            budget: change.budget.unwrap_or(old.budget),
            review_strategy: change.review_strategy.unwrap_or(old.review_strategy),
        };
        let moved = settings.time_zone != old.time_zone;
        let retimed = timed || (moved && matches!(settings.timing, Timing::Cron(_)));
        if retimed {
            first_firing(&settings, now)?;
        } else if moved {
            time_zone(&settings.time_zone, "input.timeZone")?;
        }
        self.check_order(&settings).await?;
        if turns {
            self.check_target(&settings).await?;
        }
        let change = move |schedule: &mut Schedule| schedule.change(settings, retimed, now);
        let schedule = self.ports.store.change_schedule(id, Some(revision), Box::new(change)).await?;
        info!(schedule = id.0, name = schedule.settings.name, "schedule updated");
        Ok(schedule)
    }

    /// Stops a schedule for a while. One that is paused stays so.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where its moment is over.
    pub async fn pause(&self, id: ScheduleId) -> Result<Schedule> {
        let schedule = self.ports.store.change_schedule(id, None, Box::new(Schedule::pause)).await?;
        info!(schedule = id.0, "schedule paused");
        Ok(schedule)
    }

    /// Lets a schedule go on from now. One that is active stays so.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where its moment is over.
    pub async fn resume(&self, id: ScheduleId) -> Result<Schedule> {
        let now = self.ports.clock.now();
        let resume = move |schedule: &mut Schedule| schedule.resume(now);
        let schedule = self.ports.store.change_schedule(id, None, Box::new(resume)).await?;
        info!(schedule = id.0, "schedule resumed");
        Ok(schedule)
    }

    /// Does now what a firing would do, whatever the schedule's status, and leaves its times alone; the run is that of
    /// whoever asked. A schedule that watches for changes and finds none starts nothing.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` for a database that cannot be reached; `Conflict` for what keeps it from starting.
    pub async fn run_now(&self, id: ScheduleId, asked_by: &str) -> Result<Option<Run>> {
        for _ in 0..RUN_TRIES {
            let schedule = self.get(id, "input.id").await?;
            let mut outcome = match firing::outcome(&self.ports, &schedule).await? {
                Outcome::Failed(error) if error.code == "UNAVAILABLE" => return Err(Error::unavailable(error.message)),
                Outcome::Failed(error) => {
                    let hint = error.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                    return Err(Error::conflict(format!("{}{hint}", error.message)));
                }
                outcome => outcome,
            };
            if let Outcome::Run(run) | Outcome::Changes(run) = &mut outcome {
                asked_by.clone_into(&mut run.spec.started_by);
            }
            let firing = Firing { due_at: None, outcome };
            if let Some(run) = self.ports.store.fire(&schedule, firing, self.ports.clock.now()).await? {
                info!(schedule = id.0, run = run.as_ref().map(|run| run.id.0), "schedule run manually");
                return Ok(run);
            }
        }
        Err(Error::conflict("somebody else is changing this schedule; reload it, then try again"))
    }

    /// Deletes a schedule; its runs stay.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, id: ScheduleId) -> Result<()> {
        self.ports.store.delete_schedule(id).await?;
        info!(schedule = id.0, "schedule deleted");
        Ok(())
    }

    /// One page of the list, newest first.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
    pub async fn list(&self, filter: &ScheduleFilter, arguments: &PageArguments) -> Result<Page<Schedule>> {
        let request = PageRequest::new(arguments, LIST)?;
        self.ports.store.schedules_page(filter, &request).await
    }

    async fn get(&self, id: ScheduleId, argument: &str) -> Result<Schedule> {
        let found = self.ports.store.schedules_by_id(&[id]).await?.remove(&id);
        found.ok_or_else(|| {
            Error::not_found_at(argument, "no schedule has this id; list the schedules with `schedules`")
        })
    }

    /// Refuses a model, options and a budget that no run could be started with.
    async fn check_order(&self, settings: &ScheduleSettings) -> Result<()> {
        check_budget(&settings.budget, "input.budget")?;
        let llm_profile = llm_profile(&self.ports, settings.llm_profile_id).await?;
        settings.options.resolve(llm_profile.settings.provider, "input.options")?;
        check_price(&settings.budget, &llm_profile)
    }

    /// Refuses a DB profile or a scope that is not there.
    async fn check_target(&self, settings: &ScheduleSettings) -> Result<()> {
        settings.scope.validate("input.target")?;
        let id = settings.db_profile_id;
        let found: Option<DbProfile> = self.ports.store.db_profiles_by_id(&[id]).await?.remove(&id);
        let unknown = "no DB profile has this id; list the profiles with `dbProfiles`";
        let profile = found.ok_or_else(|| Error::not_found_at("input.target.dbProfileId", unknown))?;
        check_scope(&self.ports, &profile, &settings.scope, "input.target").await
    }
}

/// How a schedule's runs would describe with this model; with none, as with one on the network.
#[must_use]
pub fn options_with(schedule: &Schedule, llm_profile: Option<&LlmProfile>) -> RunOptions {
    let provider = llm_profile.map_or(LlmProvider::OpenAiCompatible, |profile| profile.settings.provider);
    // What is recorded was checked, and the checks do not depend on the provider.
    schedule.settings.options.resolve(provider, "options").unwrap_or_else(|_| RunOptions::defaults(provider))
}

/// The one of two ways to say when a schedule fires.
fn one_of(fire_at: Option<Moment>, cron: Option<String>) -> Result<Timing> {
    match (fire_at, cron) {
        (Some(moment), None) => Ok(Timing::Once(moment)),
        (None, Some(expression)) => Ok(Timing::Cron(expression)),
        (Some(_), Some(_)) => {
            let message = "a schedule has either `fireAt` or `cron`, not both; set one, and pass null for the other if \
                           it is already set";
            Err(Error::bad_input("input.cron", message))
        }
        (None, None) => {
            let message = "the schedule would never fire; set `fireAt` or `cron`";
            Err(Error::bad_input("input.fireAt", message))
        }
    }
}

/// The first firing from now.
///
/// # Errors
/// `BadInput` for a moment that has passed, a zone or an expression that cannot be read, one that never fires.
fn first_firing(settings: &ScheduleSettings, now: Moment) -> Result<Moment> {
    let zone = time_zone(&settings.time_zone, "input.timeZone")?;
    match &settings.timing {
        Timing::Once(moment) if *moment > now => Ok(*moment),
        Timing::Once(moment) => {
            let (moment, now) = (moment.to_rfc3339(), now.to_rfc3339());
            let message = format!("{moment} is in the past (it is {now} now); set a time in the future");
            Err(Error::bad_input("input.fireAt", message))
        }
        Timing::Cron(expression) => {
            let message =
                format!("{expression:?} never fires; check that the day of the month exists in one of the months");
            let next = Recurrence::parse(expression, zone, "input.cron")?.next_after(now);
            next.ok_or_else(|| Error::bad_input("input.cron", message))
        }
    }
}
