//! The pool: claims queued runs in turn, executes several concurrently, renews their leases, and records their ends.
//!
//! It wakes on a nudge, at the end of one of its runs, and periodically. Each time it claims runs while it has
//! capacity. Periodically it also renews leases, takes runs from dead workers, and checks its runs for cancels whose
//! nudge was lost.
//!
//! The rule: a cancel drops work that describes, because every record of it is complete. Work that writes comments is
//! signalled instead, and stops between two writes.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt};
use tokio::{sync::Notify, time::MissedTickBehavior};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::{chosen::Chosen, complain, registry::Registry};
use crate::{
    domain::{
        Code, Error, Result,
        id::RunId,
        run::{Run, RunEdit, RunError},
        status::RunStatus,
    },
    engine::{
        Ending, Halt,
        context::{Patience, RunContext, STORE_WAIT, Stops},
        indexing::Readings,
        throttle::Throttles,
    },
    kind::{apply, doubt, of},
    port::{Ports, store::WorkerRecord},
    telemetry::{metrics, traces},
};

/// The settings of a pool.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// The id of this worker.
    pub worker_id: String,
    /// The machine's name.
    pub host: String,
    /// Maximum number of concurrent runs.
    pub capacity: usize,
    /// How long a claim is valid without renewal.
    pub lease: Duration,
    /// How often the pool wakes periodically.
    pub poll_interval: Duration,
    /// Maximum time for recording what is in progress after a graceful stop.
    pub grace: Duration,
    /// How long runs retry services that do not answer.
    pub patience: Patience,
    /// The only runs that the pool executes; `None` for all.
    pub only: Option<Arc<Chosen>>,
}

/// Executes runs.
pub struct Pool {
    ports: Ports,
    readings: Readings,
    settings: PoolSettings,
    registry: Registry,
    throttles: Arc<Throttles>,
    stop: CancellationToken,
    ended: Notify,
    tasks: TaskTracker,
}

impl Pool {
    /// Creates a pool that works until `stop` is tripped.
    pub fn new(ports: Ports, readings: Readings, settings: PoolSettings, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            ports,
            readings,
            settings,
            registry: Registry::default(),
            throttles: Arc::default(),
            stop,
            ended: Notify::new(),
            tasks: TaskTracker::new(),
        })
    }

    /// Works until the stop, then waits until everything in progress is recorded and its runs are back in the queue.
    pub async fn work(self: Arc<Self>) {
        let mut nudges = self.ports.bus.runs();
        let mut clock = tokio::time::interval(self.settings.poll_interval);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Without capacity it claims no runs, but it still takes runs from dead workers.
        if let Err(error) = self.enlist().await {
            tracing::error!(%error, "this worker could not be recorded");
        }
        if self.settings.capacity > 0 && self.settings.only.is_none() {
            self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(doubt::settle_all(self.ports.clone())));
        }
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = clock.tick() => {
                    if let Err(error) = self.tend().await {
                        complain(&error, "the worker pool could not use the store");
                    }
                }
                () = self.ended.notified() => {}
                () = self.chosen() => {}
                nudge = nudges.next() => match nudge {
                    Some(Ok(nudge)) => {
                        let before = nudge.before.map(|before| before.status);
                        match nudge.after.map(|after| after.status) {
                            // The nudge may belong to an earlier claim, so check the recorded run.
                            Some(RunStatus::Cancelling) if self.registry.has(nudge.run_id) => {
                                if let Err(error) = self.heed_cancels(&[nudge.run_id]).await {
                                    complain(&error, "the worker pool could not use the store");
                                }
                            }
                            Some(RunStatus::Queued) => {}
                            Some(RunStatus::Applying) if before != Some(RunStatus::Applying) => {}
                            _ => continue,
                        }
                    }
                    Some(Err(_missed)) => {}
                    None => break,
                },
            }
            if let Err(error) = self.take_while_room().await {
                complain(&error, "no run could be claimed");
            }
        }
        self.tasks.close();
        self.tasks.wait().await;
        let now = self.ports.clock.now();
        if let Err(error) =
            self.ports.store.remove_workers(Some(&self.settings.worker_id), now - 24 * self.settings.lease).await
        {
            tracing::warn!(%error, "this worker's record could not be removed");
        }
    }

    /// Waits until the pool may execute one more run.
    async fn chosen(&self) {
        match &self.settings.only {
            Some(chosen) => chosen.grown().await,
            None => std::future::pending().await,
        }
    }

    async fn enlist(&self) -> Result<()> {
        let now = self.ports.clock.now();
        let worker = WorkerRecord {
            id: self.settings.worker_id.clone(),
            host: self.settings.host.clone(),
            started_at: now,
            last_seen_at: now,
            capacity: i32::try_from(self.settings.capacity).unwrap_or(i32::MAX),
        };
        self.ports.store.add_worker(&worker).await
    }

    /// Periodic work: renews leases, takes runs from dead workers, and handles cancels whose nudge was lost.
    async fn tend(self: &Arc<Self>) -> Result<()> {
        let (store, now) = (&self.ports.store, self.ports.clock.now());
        let mine = self.registry.ids();
        store.renew(&self.settings.worker_id, &mine, now, self.settings.lease).await?;
        for id in store.orphans(now).await? {
            if self.adopt(id).await? {
                continue;
            }
            let changed = store.change_run(id, None, now, Box::new(move |edit| take_orphan(edit, now))).await;
            match changed {
                Ok(run) => tracing::info!(run = %id, status = run.status.as_str(), "taken from a dead worker"),
                Err(Error::Conflict { .. } | Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.heed_cancels(&mine).await
    }

    /// Signals a cancel to those of these runs that are CANCELLING.
    async fn heed_cancels(&self, runs: &[RunId]) -> Result<()> {
        for (id, run) in self.ports.store.runs_by_id(runs).await? {
            if run.status == RunStatus::Cancelling {
                self.registry.cancel(id, run.attempt);
            }
        }
        Ok(())
    }

    /// Takes over an apply whose worker died during a cancel. The item that was begun is checked, nothing more is
    /// written, and the run returns to its status before the apply.
    async fn adopt(self: &Arc<Self>, id: RunId) -> Result<bool> {
        if self.settings.only.as_ref().is_some_and(|chosen| !chosen.ids().contains(&id)) {
            return Ok(true);
        }
        let run = self.ports.store.runs_by_id(&[id]).await?.remove(&id);
        if !run.is_some_and(|run| run.status == RunStatus::Cancelling && run.apply.is_some()) {
            return Ok(false);
        }
        let (now, worker) = (self.ports.clock.now(), self.settings.worker_id.clone());
        let lease_until = now + self.settings.lease;
        let adopt = move |edit: &mut RunEdit| {
            still_dead(edit, now)?;
            edit.adopt(&worker, lease_until)
        };
        match self.ports.store.change_run(id, None, now, Box::new(adopt)).await {
            Ok(run) => {
                let attempt = run.attempt;
                self.spawn(run);
                self.registry.cancel(id, attempt);
                Ok(true)
            }
            Err(Error::Conflict { .. } | Error::NotFound { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn take_while_room(self: &Arc<Self>) -> Result<()> {
        while self.registry.len() < self.settings.capacity && !self.stop.is_cancelled() {
            let (now, lease) = (self.ports.clock.now(), self.settings.lease);
            let only = self.settings.only.as_ref().map(|chosen| chosen.ids());
            let claim = self.ports.store.claim_next(&self.settings.worker_id, only.as_deref(), now, lease);
            let Some(run) = claim.await? else { break };
            self.spawn(run);
        }
        Ok(())
    }

    /// Executes a run that this pool has claimed.
    fn spawn(self: &Arc<Self>, run: Run) {
        let cancel = self.registry.add(run.id, run.attempt);
        let span = tracing::info_span!("run", run = %run.id, attempt = run.attempt);
        traces::continue_run(&span, run.id.0);
        let pool = Arc::clone(self);
        self.tasks.spawn(
            async move {
                let (id, attempt) = (run.id, run.attempt);
                let _working = metrics::Working::begin();
                pool.execute(run, cancel).await;
                pool.registry.remove(id, attempt);
                pool.ended.notify_one();
            }
            .instrument(span),
        );
    }

    /// Executes a run until it ends, is cancelled, or the server stops, and records the result.
    async fn execute(&self, run: Run, cancel: CancellationToken) {
        tracing::info!(scope = run.scope_summary, "run taken");
        let (id, attempt) = (run.id, run.attempt);
        let applies = run.apply.is_some();
        let stops = Stops { stop: self.stop.clone(), cancel: cancel.clone() };
        let context = RunContext::new(
            self.ports.clone(),
            run,
            stops,
            Arc::clone(&self.throttles),
            self.readings.clone(),
            self.settings.patience,
        );
        let describe = async {
            let Some(kind) = of(context.run.spec.kind) else {
                let message = format!("this version of Gloss cannot execute {} runs", context.run.spec.kind.as_str());
                return Err(Halt::Failed(RunError::new(
                    Code::Conflict,
                    message,
                    "start a run of this kind with a version that supports it",
                )));
            };
            kind.work(&context).await
        };
        let work = async {
            if !applies {
                let described = tokio::select! {
                    biased;
                    () = cancel.cancelled() => Ok(Ending::Finished(RunStatus::Cancelled, None)),
                    ending = describe => ending,
                    spent = context.out_of_time() => Err(Halt::Paused(spent)),
                };
                if !matches!(described, Ok(Ending::Described)) {
                    return described;
                }
            }
            apply::work(&context).await
        };
        let out_of_grace = async {
            self.stop.cancelled().await;
            tokio::time::sleep(self.settings.grace).await;
        };
        let ending = tokio::select! {
            biased;
            ending = AssertUnwindSafe(work).catch_unwind() => {
                ending.unwrap_or_else(|_panic| Err(Halt::Store(Error::internal("the worker panicked"))))
            }
            () = out_of_grace => Ok(Ending::Released),
        };
        self.conclude(id, attempt, ending).await;
    }

    async fn conclude(&self, id: RunId, attempt: i32, ending: Result<Ending, Halt>) {
        let (status, error) = match ending {
            Ok(Ending::Finished(status, error)) => (Some(status), error),
            Ok(Ending::Described | Ending::Written) => (Some(RunStatus::Success), None),
            Ok(Ending::Released) | Err(Halt::Interrupted) => (None, None),
            Err(Halt::Paused(error)) => (Some(RunStatus::Paused), Some(error)),
            Err(Halt::Failed(error)) => (Some(RunStatus::Failed), Some(error)),
            Err(Halt::Store(Error::Conflict { message })) => {
                tracing::warn!(message, "another worker has claimed the run");
                return;
            }
            // A write may have begun. The next claim checks it before the apply ends.
            Err(Halt::Store(error)) if self.writes(id).await => {
                tracing::error!(error = &error as &dyn std::error::Error, "an internal error interrupted an apply");
                self.wait_before_again(attempt).await;
                (None, None)
            }
            // What was recorded is kept; another claim continues from there.
            Err(Halt::Store(Error::Unavailable { .. } | Error::Unsure { .. })) => {
                self.wait_before_again(attempt).await;
                (None, None)
            }
            Err(Halt::Store(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an internal error failed the run");
                let error = RunError::new(
                    Code::Internal,
                    "internal error; see the server's log",
                    "resume the run; if it fails again, report the error",
                );
                (Some(RunStatus::Failed), Some(error))
            }
        };
        // Retry until the end is recorded, so that the run does not stay live. After a stop, the next start handles it.
        let mut waits = self.settings.patience.waits();
        loop {
            match self.end(id, attempt, status, error.clone()).await {
                Ok(run) => {
                    tracing::info!(status = run.status.as_str(), done = run.progress.done, "run left");
                    let worked = Duration::from_millis(u64::try_from(run.active_ms).unwrap_or_default());
                    metrics::run_left(run.spec.kind.as_str(), run.status.as_str(), worked);
                    return;
                }
                Err(error @ (Error::Conflict { .. } | Error::NotFound { .. })) => {
                    tracing::warn!(%error, "another worker claimed the run before its end could be recorded");
                    return;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the run's end could not be recorded yet"
                    );
                    let wait = waits.next().unwrap_or(self.settings.patience.longest_wait).min(STORE_WAIT);
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = self.stop.cancelled() => return,
                    }
                }
            }
        }
    }

    /// Returns whether a run is applying or rolling back. Returns `true` if the store does not answer.
    async fn writes(&self, id: RunId) -> bool {
        let found = self.ports.store.runs_by_id(&[id]).await;
        found.map_or(true, |runs| runs.get(&id).is_some_and(|run| run.apply.is_some()))
    }

    /// Waits longer with each attempt, so that a persistent error is not retried in a tight loop.
    async fn wait_before_again(&self, attempt: i32) {
        let tries = usize::try_from(attempt).unwrap_or_default();
        let wait = self.settings.patience.waits().nth(tries).unwrap_or(self.settings.patience.longest_wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// Records the end of a claim: the run enters `status`, or returns to the queue if that is `None`. For a run that
    /// writes comments, cancelled or not, the rule of applies determines the status instead.
    async fn end(&self, id: RunId, attempt: i32, status: Option<RunStatus>, error: Option<RunError>) -> Result<Run> {
        let (store, now) = (&self.ports.store, self.ports.clock.now());
        let run = store.runs_by_id(&[id]).await?.remove(&id);
        if status.is_some() && run.is_some_and(|run| run.apply.is_some()) {
            if let Some(error) = error {
                let warn = move |edit: &mut RunEdit| {
                    edit.warn(format!("writing stopped: {}", error.message), Some(error));
                    Ok(())
                };
                store.change_run(id, Some(attempt), now, Box::new(warn)).await?;
            }
            return store.finish_apply(id, attempt, now).await;
        }
        let change = move |edit: &mut RunEdit| match status {
            // A cancel that was requested meanwhile takes precedence.
            _ if edit.run.status == RunStatus::Cancelling && edit.run.apply.is_none() => {
                edit.finish(RunStatus::Cancelled, None)
            }
            Some(status) => edit.finish(status, error),
            None => edit.release(),
        };
        store.change_run(id, Some(attempt), now, Box::new(change)).await
    }
}

/// Takes a run from its dead worker, unless its lease was renewed meanwhile.
fn take_orphan(edit: &mut RunEdit, now: crate::domain::clock::Moment) -> Result<()> {
    still_dead(edit, now)?;
    edit.take_from_dead()
}

fn still_dead(edit: &RunEdit, now: crate::domain::clock::Moment) -> Result<()> {
    if edit.run.lease_until.is_some_and(|until| until >= now) {
        return Err(Error::conflict("the worker of this run is alive"));
    }
    Ok(())
}
