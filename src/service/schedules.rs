//! Schedules: create, change, pause, resume, run now, delete, list.
//!
//! The rule: a schedule is validated as a whole when it is created or changed, and its scope is checked against the
//! live database, so that a typing error is found then and not at the next firing. The scheduler fires schedules.

use tracing::info;

use super::{
    orders::{check_budget, check_price, check_scope, llm_profile},
    profiles::checked_name,
    runs::StartTarget,
};
use crate::{
    domain::{
        Code, Error, Result,
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

/// Maximum number of attempts of a manual run if the schedule changes concurrently.
const RUN_TRIES: usize = 5;

/// The input that creates a schedule.
#[derive(Debug, Clone)]
pub struct CreateSchedule {
    /// The name.
    pub name: String,
    /// The time of a one-time schedule. Either this or `cron` is set.
    pub fire_at: Option<Moment>,
    /// The cron expression of a recurring schedule.
    pub cron: Option<String>,
    /// The time zone of the cron expression.
    pub time_zone: String,
    /// Whether its runs cover only new and changed assets.
    pub on_change: bool,
    /// The assets to describe.
    pub target: StartTarget,
    /// The LLM profile; `None` uses the default profile at the time of each firing.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The options; those that are absent keep their defaults.
    pub options: OptionChoices,
    /// The budget of each run.
    pub budget: Budget,
    /// How the suggestions of its runs are handled.
    pub review_strategy: ReviewStrategy,
    /// The caller.
    pub created_by: String,
}

/// A change of a schedule. `None` keeps a value; `Some(None)` clears it.
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

/// The use cases of schedules. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    ports: Ports,
}

impl Schedules {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Creates a schedule. Checks its scope against the live database.
    ///
    /// # Errors
    /// Returns `BadInput` and `NotFound` with the path of the argument at fault, and `Unavailable` if the database
    /// cannot be reached.
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

    /// Changes a schedule. A one-time schedule that has fired becomes ACTIVE again when it gets a new time.
    ///
    /// # Errors
    /// As [`Schedules::create`]; also `Conflict` if the schedule is changed concurrently.
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

    /// Pauses a schedule. Does nothing if it is already paused.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if its only firing has passed.
    pub async fn pause(&self, id: ScheduleId) -> Result<Schedule> {
        let schedule = self.ports.store.change_schedule(id, None, Box::new(Schedule::pause)).await?;
        info!(schedule = id.0, "schedule paused");
        Ok(schedule)
    }

    /// Resumes a schedule from now on. Does nothing if it is active.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if its only firing has passed.
    pub async fn resume(&self, id: ScheduleId) -> Result<Schedule> {
        let now = self.ports.clock.now();
        let resume = move |schedule: &mut Schedule| schedule.resume(now);
        let schedule = self.ports.store.change_schedule(id, None, Box::new(resume)).await?;
        info!(schedule = id.0, "schedule resumed");
        Ok(schedule)
    }

    /// Fires a schedule now, whatever its status, without changing its times. The run belongs to `asked_by`. Returns
    /// `None` if the schedule covers only changes and there are none.
    ///
    /// # Errors
    /// Returns `NotFound`, `Unavailable` if the database cannot be reached, and `Conflict` with the reason if no run
    /// can be started.
    pub async fn run_now(&self, id: ScheduleId, asked_by: &str) -> Result<Option<Run>> {
        for _ in 0..RUN_TRIES {
            let schedule = self.get(id, "input.id").await?;
            let mut outcome = match firing::outcome(&self.ports, &schedule).await? {
                Outcome::Failed(error) if error.code == Code::Unavailable => {
                    return Err(Error::unavailable(error.message));
                }
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

    /// Deletes a schedule. Its runs stay.
    ///
    /// # Errors
    /// Returns `NotFound`.
    pub async fn delete(&self, id: ScheduleId) -> Result<()> {
        self.ports.store.delete_schedule(id).await?;
        info!(schedule = id.0, "schedule deleted");
        Ok(())
    }

    /// Returns one page of the list, newest first.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
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

    /// Refuses a model, options or a budget that no run could be started with.
    async fn check_order(&self, settings: &ScheduleSettings) -> Result<()> {
        check_budget(&settings.budget, "input.budget")?;
        let llm_profile = llm_profile(&self.ports, settings.llm_profile_id).await?;
        settings.options.resolve(llm_profile.settings.provider, "input.options")?;
        check_price(&settings.budget, &llm_profile)
    }

    /// Refuses a DB profile or a scope that does not exist.
    async fn check_target(&self, settings: &ScheduleSettings) -> Result<()> {
        settings.scope.validate("input.target")?;
        let id = settings.db_profile_id;
        let found: Option<DbProfile> = self.ports.store.db_profiles_by_id(&[id]).await?.remove(&id);
        let unknown = "no DB profile has this id; list the profiles with `dbProfiles`";
        let profile = found.ok_or_else(|| Error::not_found_at("input.target.dbProfileId", unknown))?;
        check_scope(&self.ports, &profile, &settings.scope, "input.target").await
    }
}

/// Returns the options of a schedule's runs with this LLM profile. Without one, they are those for a remote provider.
#[must_use]
pub fn options_with(schedule: &Schedule, llm_profile: Option<&LlmProfile>) -> RunOptions {
    let provider = llm_profile.map_or(LlmProvider::OpenAiCompatible, |profile| profile.settings.provider);
    // Recorded options are valid, and their validity does not depend on the provider.
    schedule.settings.options.resolve(provider, "options").unwrap_or_else(|_| RunOptions::defaults(provider))
}

/// Returns the timing. Exactly one of the two must be set.
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

/// Returns the first firing after `now`.
///
/// # Errors
/// Returns `BadInput` for a time in the past, an invalid time zone or expression, and an expression that never fires.
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
