//! Schedules: runs that start automatically.
//!
//! The rule: a schedule has a next firing if and only if it is ACTIVE. Only the methods here change a schedule; the
//! store calls them in its transaction, so that each firing is taken once. `recurrence.rs` decides when an expression
//! fires.

mod fields;
mod recurrence;

pub use recurrence::{Recurrence, time_zone};

use super::{
    Error, Result,
    clock::Moment,
    id::{DbProfileId, LlmProfileId, RunId, ScheduleId},
    identity::Identity,
    run::{NewRun, OptionChoices, RunError},
    scope::RunScope,
    spelling::spelled,
    usage::Budget,
};

/// The name that cursors give the list of schedules.
pub const LIST: &str = "schedules:ID:DESC";

/// The status of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduleStatus {
    /// It has a next firing.
    Active,
    /// A caller has paused it.
    Paused,
    /// Its only firing was missed because no server was running.
    Missed,
    /// Its only firing is done.
    Completed,
}

/// What happens to the suggestions of a scheduled run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewStrategy {
    /// They wait for review.
    Manual,
    /// The first wording of each is written immediately.
    Auto,
}

spelled!(ScheduleStatus { Active => "ACTIVE", Paused => "PAUSED", Missed => "MISSED", Completed => "COMPLETED" });
spelled!(ReviewStrategy { Manual => "MANUAL", Auto => "AUTO" });

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// Once, at this time.
    Once(Moment),
    /// Repeatedly, by a cron expression of five fields.
    Cron(String),
}

/// The settings of a schedule, as the caller gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleSettings {
    /// Its name.
    pub name: String,
    /// When it fires.
    pub timing: Timing,
    /// The IANA name of the time zone in which the expression is evaluated.
    pub time_zone: String,
    /// Whether a run covers only assets that are new or changed since the last run.
    pub on_change: bool,
    /// The DB profile.
    pub db_profile_id: DbProfileId,
    /// The LLM profile; `None` for the profile that is the default when the schedule fires.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The assets that its runs cover.
    pub scope: RunScope,
    /// The chosen options. The others take the default of the model's provider when the schedule fires.
    pub options: OptionChoices,
    /// Limits of each run.
    pub budget: Budget,
    /// What happens to the suggestions of its runs.
    pub review_strategy: ReviewStrategy,
}

impl ScheduleSettings {
    /// The next firing after `after`; `None` if there is none.
    ///
    /// # Errors
    /// Returns `BadInput` if the expression or the time zone is invalid. Those of a recorded schedule are valid.
    pub fn next_after(&self, after: Moment) -> Result<Option<Moment>> {
        match &self.timing {
            Timing::Once(moment) => Ok(Some(*moment).filter(|moment| *moment > after)),
            Timing::Cron(expression) => {
                let zone = time_zone(&self.time_zone, "input.timeZone")?;
                Ok(Recurrence::parse(expression, zone, "input.cron")?.next_after(after))
            }
        }
    }
}

/// A schedule to be recorded.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Its settings.
    pub settings: ScheduleSettings,
    /// Its first firing.
    pub next_fire_at: Moment,
    /// The caller that created it.
    pub created_by: String,
}

/// A schedule, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its key.
    pub id: ScheduleId,
    /// Its settings.
    pub settings: ScheduleSettings,
    /// Its status.
    pub status: ScheduleStatus,
    /// Its next firing; `None` unless it is ACTIVE.
    pub next_fire_at: Option<Moment>,
    /// The time at which the next firing was computed.
    pub planned_at: Moment,
    /// When it last fired, or was last run by hand.
    pub last_fire_at: Option<Moment>,
    /// The run of the last firing; `None` if that firing started none.
    pub last_run_id: Option<RunId>,
    /// Why the last firing or its run failed.
    pub last_error: Option<RunError>,
    /// The identity of the database that its runs describe; `None` until a run has read it.
    pub identity: Option<Identity>,
    /// The number of changes by callers. A firing that was prepared before a change is not taken after it.
    pub revision: i32,
    /// The caller that created it.
    pub created_by: String,
    /// The time of creation.
    pub created_at: Moment,
}

impl Schedule {
    /// Its next firings, at most `most`; none unless it is ACTIVE.
    ///
    /// # Errors
    /// Returns the errors of [`ScheduleSettings::next_after`].
    pub fn next_firings(&self, most: usize) -> Result<Vec<Moment>> {
        let mut firings = Vec::with_capacity(most);
        let mut next = self.next_fire_at;
        while let Some(firing) = next.filter(|_| firings.len() < most) {
            firings.push(firing);
            next = self.settings.next_after(firing)?;
        }
        Ok(firings)
    }

    /// Changes the settings. If `retimed`, the next firing is computed again, and a schedule that has ended becomes
    /// ACTIVE. A paused schedule stays paused.
    ///
    /// # Errors
    /// Returns `BadInput` if no firing lies in the future, and the errors of [`ScheduleSettings::next_after`].
    pub fn change(&mut self, settings: ScheduleSettings, retimed: bool, now: Moment) -> Result<()> {
        self.settings = settings;
        self.revision += 1;
        if retimed && self.status != ScheduleStatus::Paused {
            let next = self.settings.next_after(now)?;
            let passed = || Error::bad_input("input.fireAt", "`fireAt` has just passed; set a later time");
            self.plan(Some(next.ok_or_else(passed)?), now);
            self.status = ScheduleStatus::Active;
        }
        Ok(())
    }

    /// Pauses the schedule.
    ///
    /// # Errors
    /// Returns `Conflict` if its only firing is over.
    pub fn pause(&mut self) -> Result<()> {
        self.refuse_ended("it will not fire again, so there is nothing to pause")?;
        self.status = ScheduleStatus::Paused;
        self.next_fire_at = None;
        self.revision += 1;
        Ok(())
    }

    /// Resumes the schedule. Firings that were due while it was paused are not made up for.
    ///
    /// # Errors
    /// Returns `Conflict` if its only firing is over or passed while it was paused.
    pub fn resume(&mut self, now: Moment) -> Result<()> {
        self.refuse_ended("set a new `fireAt` or a `cron` with `updateSchedule`")?;
        if self.status == ScheduleStatus::Active {
            return Ok(());
        }
        let over = "its `fireAt` passed while it was paused; set a new `fireAt` or a `cron` with `updateSchedule`";
        let next = self.settings.next_after(now)?.ok_or_else(|| self.conflict(over))?;
        self.status = ScheduleStatus::Active;
        self.plan(Some(next), now);
        self.revision += 1;
        Ok(())
    }

    /// Moves on from a firing that is done or `missed`: to the next firing after `now`, or to the end of the schedule.
    /// The store prevents a firing from being repeated.
    ///
    /// # Errors
    /// Returns the errors of [`ScheduleSettings::next_after`].
    pub fn advance(&mut self, missed: bool, now: Moment) -> Result<()> {
        // If the clock was just set back, the firing that is over must not become the next one.
        let over = self.next_fire_at;
        let next = self.settings.next_after(now)?;
        let next = if next == over { over.map_or(Ok(None), |over| self.settings.next_after(over))? } else { next };
        self.plan(next, now);
        if self.next_fire_at.is_none() {
            self.status = if missed { ScheduleStatus::Missed } else { ScheduleStatus::Completed };
        }
        Ok(())
    }

    /// Computes the next firing again after the clock was set back. A missed one-time firing that lies in the future
    /// again becomes due.
    ///
    /// # Errors
    /// Returns the errors of [`ScheduleSettings::next_after`].
    pub fn plan_again(&mut self, now: Moment) -> Result<()> {
        if let Some(next) = self.settings.next_after(now)? {
            self.status = ScheduleStatus::Active;
            self.next_fire_at = Some(next);
        }
        self.planned_at = now;
        Ok(())
    }

    fn plan(&mut self, next: Option<Moment>, now: Moment) {
        self.next_fire_at = next;
        self.planned_at = now;
    }

    fn refuse_ended(&self, advice: &str) -> Result<()> {
        match self.status {
            ScheduleStatus::Active | ScheduleStatus::Paused => Ok(()),
            ScheduleStatus::Missed => Err(self.conflict(&format!("its only firing was missed; {advice}"))),
            ScheduleStatus::Completed => Err(self.conflict(&format!("its only firing is done; {advice}"))),
        }
    }

    fn conflict(&self, reason: &str) -> Error {
        let name = &self.settings.name;
        Error::conflict(format!("the schedule {name:?} is {}: {reason}", self.status.as_str()))
    }
}

/// The outcome of a firing.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A run over the scope, which the run's worker resolves.
    Run(Box<NewRun>),
    /// A run over the rows that are new or changed. `rows` holds everything in the scope; if no row is new or changed,
    /// no run is created.
    Changes(Box<NewRun>),
    /// No run can be started.
    Failed(RunError),
    /// The firing was due while no server was running, and is not made up for.
    Missed,
}

/// A firing to be taken.
#[derive(Debug, Clone)]
pub struct Firing {
    /// When it was due; `None` if a caller requested it, which leaves the schedule's times unchanged.
    pub due_at: Option<Moment>,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Which missed firings are made up for: those that were due while no server was running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissedFirings {
    /// Those of repeating schedules, once each. A one-time schedule becomes MISSED.
    #[default]
    Repeating,
    /// All, once each.
    All,
    /// None. Repeating schedules continue with their next firing.
    None,
}

impl MissedFirings {
    /// Returns whether a missed firing is made up for.
    #[must_use]
    pub const fn makes_up_for(self, timing: &Timing) -> bool {
        match self {
            Self::Repeating => matches!(timing, Timing::Cron(_)),
            Self::All => true,
            Self::None => false,
        }
    }
}

/// A filter of schedules. A field that is `None` does not restrict; an empty list matches nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleFilter {
    /// Schedules in one of these statuses.
    pub statuses: Option<Vec<ScheduleStatus>>,
    /// Schedules on one of these DB profiles.
    pub db_profile_ids: Option<Vec<DbProfileId>>,
}
