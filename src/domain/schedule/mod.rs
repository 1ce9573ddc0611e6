//! Schedules: runs that nobody starts by hand.
//!
//! The rule: a schedule has a next firing while it is ACTIVE and at no other time. The methods here are all that may
//! happen to one; the store calls them inside its transaction, so that each firing is taken once. When an expression
//! fires is `recurrence.rs`'s to say.

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

/// The list of schedules, as its cursors name it.
pub const LIST: &str = "schedules:ID:DESC";

/// Where a schedule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduleStatus {
    /// It has a next firing.
    Active,
    /// A person stopped it for a while.
    Paused,
    /// Its one moment passed while nothing ran.
    Missed,
    /// Its one moment has fired.
    Completed,
}

/// What becomes of what a scheduled run proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewStrategy {
    /// It waits for a person.
    Manual,
    /// The first wording of each is written at once.
    Auto,
}

spelled!(ScheduleStatus { Active => "ACTIVE", Paused => "PAUSED", Missed => "MISSED", Completed => "COMPLETED" });
spelled!(ReviewStrategy { Manual => "MANUAL", Auto => "AUTO" });

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// At one moment.
    Once(Moment),
    /// Again and again, by a cron expression of five fields.
    Cron(String),
}

/// What a person says of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleSettings {
    /// What people call it.
    pub name: String,
    /// When it fires.
    pub timing: Timing,
    /// The IANA name of the time zone in which its expression is read.
    pub time_zone: String,
    /// Whether a run covers only what is new or changed since the last one.
    pub on_change: bool,
    /// The database.
    pub db_profile_id: DbProfileId,
    /// The model; `None` for whichever is the default when it fires.
    pub llm_profile_id: Option<LlmProfileId>,
    /// What of the database.
    pub scope: RunScope,
    /// How to describe; what is not chosen takes the default of the model's provider when it fires.
    pub options: OptionChoices,
    /// Limits of each run.
    pub budget: Budget,
    /// What becomes of what its runs propose.
    pub review_strategy: ReviewStrategy,
}

impl ScheduleSettings {
    /// The next firing after a moment; `None` where there is none.
    ///
    /// # Errors
    /// `BadInput` for an expression or zone that cannot be read, which a recorded one can.
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
    /// What it says.
    pub settings: ScheduleSettings,
    /// Its first firing.
    pub next_fire_at: Moment,
    /// The caller that made it.
    pub created_by: String,
}

/// A schedule, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Its key.
    pub id: ScheduleId,
    /// What it says.
    pub settings: ScheduleSettings,
    /// Where it stands.
    pub status: ScheduleStatus,
    /// Its next firing; `None` unless it is ACTIVE.
    pub next_fire_at: Option<Moment>,
    /// When the next firing was planned.
    pub planned_at: Moment,
    /// When it last fired, or was run by hand.
    pub last_fire_at: Option<Moment>,
    /// The run of the last firing; `None` where that started none.
    pub last_run_id: Option<RunId>,
    /// Why the last firing, or its run, came to nothing.
    pub last_error: Option<RunError>,
    /// Which database its runs describe; `None` until one has looked.
    pub identity: Option<Identity>,
    /// Counts the changes that people made, so that a firing prepared before one is not taken after it.
    pub revision: i32,
    /// The caller that made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Moment,
}

impl Schedule {
    /// Its next firings, at most so many; none unless it is ACTIVE.
    ///
    /// # Errors
    /// As [`ScheduleSettings::next_after`].
    pub fn next_firings(&self, most: usize) -> Result<Vec<Moment>> {
        let mut firings = Vec::with_capacity(most);
        let mut next = self.next_fire_at;
        while let Some(firing) = next.filter(|_| firings.len() < most) {
            firings.push(firing);
            next = self.settings.next_after(firing)?;
        }
        Ok(firings)
    }

    /// A person changes what it says. `retimed` tells that its times are to be reckoned anew; one whose moment is over
    /// becomes ACTIVE by that, one that is paused stays so.
    ///
    /// # Errors
    /// As [`ScheduleSettings::next_after`].
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

    /// A person stops it for a while.
    ///
    /// # Errors
    /// `Conflict` where its moment is over.
    pub fn pause(&mut self) -> Result<()> {
        self.refuse_ended("it will not fire again, so there is nothing to pause")?;
        self.status = ScheduleStatus::Paused;
        self.next_fire_at = None;
        self.revision += 1;
        Ok(())
    }

    /// A person lets it go on: from now, what was due meanwhile stays undone.
    ///
    /// # Errors
    /// `Conflict` where its moment is over.
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

    /// The firing that was due is over, `missed` or not: on to the next after the time that is, or to its end. What has
    /// fired before does not fire again: the store remembers it.
    ///
    /// # Errors
    /// As [`ScheduleSettings::next_after`].
    pub fn advance(&mut self, missed: bool, now: Moment) -> Result<()> {
        // The moment that is over is not its own next one, where the clock was set back just now.
        let over = self.next_fire_at;
        let next = self.settings.next_after(now)?;
        let next = if next == over { over.map_or(Ok(None), |over| self.settings.next_after(over))? } else { next };
        self.plan(next, now);
        if self.next_fire_at.is_none() {
            self.status = if missed { ScheduleStatus::Missed } else { ScheduleStatus::Completed };
        }
        Ok(())
    }

    /// The clock was set back: what was planned by the time that it showed before is planned by the time that is. A
    /// moment that was missed by that time, and is still to come, comes.
    ///
    /// # Errors
    /// As [`ScheduleSettings::next_after`].
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

/// What a firing comes to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A run over the scope, which its worker resolves.
    Run(Box<NewRun>),
    /// A run over those of its rows, all that the scope holds now, that are new or changed; none where none is.
    Changes(Box<NewRun>),
    /// Nothing can be started.
    Failed(RunError),
    /// It was due while nothing ran, and is not made up for.
    Missed,
}

/// A firing that is to be taken.
#[derive(Debug, Clone)]
pub struct Firing {
    /// When it was due; `None` where a person asked for it, which leaves the schedule's times alone.
    pub due_at: Option<Moment>,
    /// What it comes to.
    pub outcome: Outcome,
}

/// Which firings are made up for that were due while nothing ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissedFirings {
    /// Those of schedules that repeat, once each; a schedule of one moment becomes MISSED.
    #[default]
    Repeating,
    /// All, once each.
    All,
    /// None: what repeats goes on with its next time.
    None,
}

impl MissedFirings {
    /// Whether a missed firing is made up for.
    #[must_use]
    pub const fn makes_up_for(self, timing: &Timing) -> bool {
        match self {
            Self::Repeating => matches!(timing, Timing::Cron(_)),
            Self::All => true,
            Self::None => false,
        }
    }
}

/// Which schedules; an absent part does not restrict, an empty list lets nothing through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleFilter {
    /// In one of these statuses.
    pub statuses: Option<Vec<ScheduleStatus>>,
    /// On one of these DB profiles.
    pub db_profile_ids: Option<Vec<DbProfileId>>,
}
