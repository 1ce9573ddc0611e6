//! The scheduler: fires schedules when they are due.
//!
//! It wakes when a nudge says that a schedule changed, when the next firing is due, and periodically. Each time it
//! reads from the store what is due. It keeps no state in between, and waking too often does no harm. The store makes
//! sure that each firing is taken once. Of several processes, one at a time has the duty to schedule, so that none
//! calls a firing missed that another is checking.
//!
//! A firing that was due before any process ran that runs now, or too long ago, counts as missed; a setting decides
//! whether it is made up for. If the clock was set back, firings are planned again from the current time, not from the
//! latest time seen.

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
    port::{
        Ports,
        store::{Duty, LEASE, WorkerRecord},
    },
};

/// A firing older than this counts as missed, because no server ran or the machine slept.
const MISSED_AFTER: Duration = Duration::from_mins(1);
/// A firing that was due this shortly before the start is still on time: it fell into a restart.
const RESTART_TOLERANCE: Duration = Duration::from_secs(2);

/// Maximum number of databases checked concurrently. Each check holds a catalog in memory.
const CHECKS_AT_ONCE: usize = 4;

/// The settings of a scheduler.
#[derive(Debug, Clone)]
pub struct SchedulerSettings {
    /// The id of this worker.
    pub worker_id: String,
    /// Which missed firings are made up for.
    pub missed: MissedFirings,
    /// How often the scheduler wakes periodically.
    pub poll_interval: Duration,
    /// Maximum time that checks of databases may take after a graceful stop.
    pub grace: Duration,
}

/// Fires schedules.
pub struct Scheduler {
    ports: Ports,
    settings: SchedulerSettings,
    stop: CancellationToken,
    /// When the scheduler started, in milliseconds since the Unix epoch. Lowered if the clock shows an earlier time.
    started_at: AtomicI64,
    /// Schedules whose database this process is checking.
    checking: Mutex<HashSet<ScheduleId>>,
    checks: TaskTracker,
    turns: Semaphore,
}

impl Scheduler {
    /// Creates a scheduler that works until `stop` is tripped.
    pub fn new(ports: Ports, settings: SchedulerSettings, stop: CancellationToken) -> Arc<Self> {
        let started_at = AtomicI64::new(ports.clock.now().timestamp_millis());
        let turns = Semaphore::new(CHECKS_AT_ONCE);
        Arc::new(Self {
            ports,
            settings,
            stop,
            started_at,
            checking: Mutex::default(),
            checks: TaskTracker::new(),
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
                    self.settings.poll_interval
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                changed = nudges.changed() => if changed.is_err() { break },
            }
        }
        self.checks.close();
        if tokio::time::timeout(self.settings.grace, self.checks.wait()).await.is_err() {
            tracing::warn!("a schedule's check of its database did not finish in time; the check was abandoned");
        }
        if let Err(error) = self.ports.store.leave_duty(Duty::Scheduling, &self.settings.worker_id).await {
            super::complain(&error, "the duty to schedule could not be left; another process takes it in a moment");
        }
    }

    /// Takes all firings that are due now, and returns the time of the next one; takes none while another process has
    /// the duty. Checks of databases continue in the background.
    ///
    /// # Errors
    /// Returns the errors of the store. A firing that could not be taken stays due.
    pub async fn take_due(self: &Arc<Self>) -> Result<Option<Moment>> {
        let now = self.ports.clock.now();
        self.started_at.fetch_min(now.timestamp_millis(), Ordering::Relaxed);
        if !self.ports.store.take_duty(Duty::Scheduling, &self.settings.worker_id, now).await? {
            return Ok(None);
        }
        self.ports.store.plan_again(now).await?;
        for schedule in self.ports.store.due_schedules(now).await? {
            let Some(due_at) = schedule.next_fire_at else { continue };
            // A check in progress determines the outcome of this firing, however long it takes.
            if self.checking().contains(&schedule.id) {
                continue;
            }
            let span = tracing::info_span!("firing", schedule = %schedule.id, %due_at);
            if self.was_missed(due_at, now).await? && !self.settings.missed.makes_up_for(&schedule.settings.timing) {
                self.take(&schedule, due_at, Some(Outcome::Missed)).instrument(span).await;
            } else if !schedule.settings.on_change {
                self.take(&schedule, due_at, None).instrument(span).await;
            } else if self.checking().insert(schedule.id) {
                let scheduler = Arc::clone(self);
                let check = async move {
                    // The semaphore is never closed.
                    let _turn = scheduler.turns.acquire().await;
                    let take = AssertUnwindSafe(scheduler.take(&schedule, due_at, None)).catch_unwind();
                    if take.await.is_err() {
                        tracing::error!("a schedule's check of its database panicked");
                    }
                    scheduler.checking().remove(&schedule.id);
                };
                self.checks.spawn(check.instrument(span));
            }
        }
        self.ports.store.next_firing(now).await
    }

    /// Takes a firing, unless another process has taken it.
    async fn take(&self, schedule: &Schedule, due_at: Moment, known: Option<Outcome>) {
        match self.try_take(schedule, due_at, known).await {
            Ok(()) => {}
            // The firing stays due and is tried again.
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

    /// Returns whether a firing counts as missed: too long ago, or due before this scheduler started, when no other
    /// process ran either.
    async fn was_missed(&self, due_at: Moment, now: Moment) -> Result<bool> {
        if due_at + MISSED_AFTER < now {
            return Ok(true);
        }
        if (due_at + RESTART_TOLERANCE).timestamp_millis() >= self.started_at.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let ran = |worker: &WorkerRecord| worker.started_at <= due_at && worker.last_seen_at > now - LEASE;
        Ok(!self.ports.store.workers().await?.iter().any(ran))
    }

    fn until(&self, next: Option<Moment>) -> Duration {
        let wait = next.and_then(|next| (next - self.ports.clock.now()).to_std().ok());
        match next {
            Some(_) => wait.unwrap_or_default().min(self.settings.poll_interval),
            None => self.settings.poll_interval,
        }
    }

    fn checking(&self) -> std::sync::MutexGuard<'_, HashSet<ScheduleId>> {
        self.checking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
