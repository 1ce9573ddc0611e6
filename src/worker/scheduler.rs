//! The scheduler: takes the firings of schedules when they are due.
//!
//! Three things wake it: a nudge that a schedule changed, the clock at the next firing, and every so often itself. At
//! each it looks into the store for what is due; it carries nothing from one look to the next, so any number of
//! schedulers may look, and a look too many does nothing. That each firing is taken once is the store's rule.
//!
//! What was due before this scheduler started, or lies too far back, was due while nothing ran; a setting says what
//! becomes of it. A clock that was set back plans anew: a firing is planned from the time that is, not from the latest
//! that was ever seen.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{
    domain::{
        Result,
        clock::Moment,
        id::ScheduleId,
        schedule::{Firing, MissedFirings, Outcome, Schedule},
    },
    kind::firing,
    port::Ports,
};

/// So late, a firing was due while nothing ran, or while the machine slept.
const LATE: Duration = Duration::from_mins(1);
/// What was due within so long before a scheduler started may have been another's to take, or fell into a restart: it
/// still is on time.
const RESTART: Duration = Duration::from_secs(2);

/// Databases that are looked at at once; each look holds a catalog.
const LOOKS_AT_ONCE: usize = 4;

/// How a scheduler works.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerSettings {
    /// Which missed firings are made up for.
    pub missed: MissedFirings,
    /// How often it looks by itself.
    pub wake_every: Duration,
    /// How long looks at databases may go on after a soft stop.
    pub grace: Duration,
}

/// Takes firings.
pub struct Scheduler {
    ports: Ports,
    settings: SchedulerSettings,
    stop: CancellationToken,
    /// When it started, in milliseconds; earlier, once the clock shows an earlier time.
    started_at: AtomicI64,
    /// Schedules whose database is being looked at here.
    looking: Mutex<HashSet<ScheduleId>>,
    looks: TaskTracker,
    turns: Semaphore,
}

impl Scheduler {
    /// A scheduler that works until `stop` is tripped.
    pub fn new(ports: Ports, settings: SchedulerSettings, stop: CancellationToken) -> Arc<Self> {
        let started_at = AtomicI64::new(ports.clock.now().timestamp_millis());
        let turns = Semaphore::new(LOOKS_AT_ONCE);
        Arc::new(Self {
            ports,
            settings,
            stop,
            started_at,
            looking: Mutex::default(),
            looks: TaskTracker::new(),
            turns,
        })
    }

    /// Works until the stop.
    pub async fn work(self: Arc<Self>) {
        let mut nudges = self.ports.bus.schedules();
        while !self.stop.is_cancelled() {
            nudges.mark_unchanged();
            let wait = match self.take_due().await {
                Ok(next) => self.until(next),
                Err(error) => {
                    super::complain(&error, "the scheduler could not use the store");
                    self.settings.wake_every
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                changed = nudges.changed() => if changed.is_err() { break },
            }
        }
        self.looks.close();
        if tokio::time::timeout(self.settings.grace, self.looks.wait()).await.is_err() {
            tracing::warn!("a schedule's check of its database did not finish in time; the check was abandoned");
        }
    }

    /// Takes all firings that are due now; gives the next one after that. A look at a database goes on by itself.
    ///
    /// # Errors
    /// What the store says; a firing that could not be taken is still due at the next look.
    pub async fn take_due(self: &Arc<Self>) -> Result<Option<Moment>> {
        let now = self.ports.clock.now();
        self.started_at.fetch_min(now.timestamp_millis(), Ordering::Relaxed);
        self.ports.store.plan_again(now).await?;
        for schedule in self.ports.store.due_schedules(now).await? {
            let Some(due_at) = schedule.next_fire_at else { continue };
            // However long the look at its database takes, what comes of it is what comes of the firing.
            if self.looking().contains(&schedule.id) {
                continue;
            }
            let span = tracing::info_span!("firing", schedule = %schedule.id, %due_at);
            if self.was_missed(due_at, now) && !self.settings.missed.makes_up_for(&schedule.settings.timing) {
                self.take(&schedule, due_at, Some(Outcome::Missed)).instrument(span).await;
            } else if !schedule.settings.on_change {
                self.take(&schedule, due_at, None).instrument(span).await;
            } else if self.looking().insert(schedule.id) {
                let scheduler = Arc::clone(self);
                let look = async move {
                    // Never closed.
                    let _turn = scheduler.turns.acquire().await;
                    let take = AssertUnwindSafe(scheduler.take(&schedule, due_at, None)).catch_unwind();
                    if take.await.is_err() {
                        tracing::error!("a schedule's check of its database panicked");
                    }
                    scheduler.looking().remove(&schedule.id);
                };
                self.looks.spawn(look.instrument(span));
            }
        }
        self.ports.store.next_firing(now).await
    }

    /// Takes one firing, unless somebody else has.
    async fn take(&self, schedule: &Schedule, due_at: Moment, known: Option<Outcome>) {
        match self.try_take(schedule, due_at, known).await {
            Ok(()) => {}
            // The next look finds it due still.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a firing could not be executed");
            }
        }
    }

    async fn try_take(&self, schedule: &Schedule, due_at: Moment, known: Option<Outcome>) -> Result<()> {
        let outcome = match known {
            Some(outcome) => outcome,
            None => firing::outcome(&self.ports, schedule).await?,
        };
        let said = match &outcome {
            Outcome::Run(_) => String::new(),
            Outcome::Changes(run) => format!("{} assets checked for changes", run.rows.len()),
            Outcome::Failed(error) => error.message.clone(),
            Outcome::Missed => "missed: it was due while no server was running".to_owned(),
        };
        let firing = Firing { due_at: Some(due_at), outcome };
        let Some(run) = self.ports.store.fire(schedule, firing, self.ports.clock.now()).await? else {
            tracing::debug!("the firing was already executed");
            return Ok(());
        };
        tracing::info!(name = schedule.settings.name, run = run.map(|run| run.id.0), said, "a schedule fired");
        Ok(())
    }

    /// Whether a firing was due while nothing ran.
    fn was_missed(&self, due_at: Moment, now: Moment) -> bool {
        (due_at + RESTART).timestamp_millis() < self.started_at.load(Ordering::Relaxed) || due_at + LATE < now
    }

    fn until(&self, next: Option<Moment>) -> Duration {
        let wait = next.and_then(|next| (next - self.ports.clock.now()).to_std().ok());
        match next {
            Some(_) => wait.unwrap_or_default().min(self.settings.wake_every),
            None => self.settings.wake_every,
        }
    }

    fn looking(&self) -> std::sync::MutexGuard<'_, HashSet<ScheduleId>> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
