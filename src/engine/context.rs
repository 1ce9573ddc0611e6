//! The context of a claimed run: the ports, the run, its budget, and the two ways to stop it.
//!
//! The rule: a run records only through [`RunContext::record`] and calls targets only through
//! [`RunContext::patiently`]. Both retry while a database is unavailable.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    Halt,
    bound::CONFIRM,
    budget::{Ledger, out_of_seconds},
    indexing::Readings,
    throttle::Throttles,
    waits::{Awaited, Waits},
};
use crate::{
    domain::{
        Code, Error, Result,
        clock::Moment,
        profile::{DbProfile, LlmProfile},
        run::{Run, RunEdit, RunError},
    },
    port::{Ports, target::TargetError},
};

/// The reason for a wait that has no error.
pub const NO_ANSWER: &str = "no answer yet";

/// Number of retries after an internal error of the store before a run gives up.
const STORE_TRIES: usize = 10;
/// Maximum wait between two attempts to use the store. It is short because an attempt costs almost nothing.
pub const STORE_WAIT: Duration = Duration::from_secs(5);

/// How long a run retries services that do not answer.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first wait before a retry. Each further one is about twice as long, with jitter.
    pub first_wait: Duration,
    /// Maximum wait, except for what a provider itself requests.
    pub longest_wait: Duration,
    /// A run pauses once a provider has been down for this long.
    pub provider_down: Duration,
    /// A run fails once a target has been down for this long.
    pub target_down: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_mins(1),
            provider_down: Duration::from_hours(1),
            target_down: Duration::from_mins(1),
        }
    }
}

impl Patience {
    /// Returns the waits between attempts: growing, with jitter, without end.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.first_wait)
            .with_max_delay(self.longest_wait)
            .without_max_times()
            .with_jitter()
            .build()
    }
}

/// The two ways to stop a run.
#[derive(Debug, Clone)]
pub struct Stops {
    /// See [`RunContext::stop`].
    pub stop: CancellationToken,
    /// See [`RunContext::cancel`].
    pub cancel: CancellationToken,
}

/// One claim of one run.
pub struct RunContext {
    /// The ports.
    pub ports: Ports,
    /// The run as it was claimed.
    pub run: Run,
    /// Tripped when the server stops: start nothing new, record what is in progress, and return.
    pub stop: CancellationToken,
    /// Tripped when a person cancels the run.
    pub cancel: CancellationToken,
    /// The throttles of the LLM profiles.
    pub throttles: Arc<Throttles>,
    /// The catalog readings in progress.
    pub readings: Readings,
    /// How long to retry a provider or target that does not answer.
    pub patience: Patience,
    /// The budget of the run.
    pub ledger: Ledger,
    /// What the run waits for.
    pub waits: Waits,
    /// When this claim started.
    began: Instant,
    /// The wait for the store that the run has not reported yet.
    waited: Arc<Mutex<Option<StoreWait>>>,
}

/// Since when a record has waited for the store, and why.
type StoreWait = (Moment, String);

/// Adds a warning that the run has waited for the store.
fn tell_wait(edit: &mut RunEdit, (since, reason): &StoreWait) {
    let seconds = (edit.at - *since).num_seconds().max(0);
    let hint = "nothing was lost and no request was repeated; make sure that Gloss can write to the store";
    let error = RunError::new(Code::Unavailable, reason.clone(), hint);
    edit.warn(format!("The run waited {seconds} s for the store: {reason}"), Some(error));
}

impl RunContext {
    /// Creates the context of a claim.
    pub fn new(
        ports: Ports,
        run: Run,
        stops: Stops,
        throttles: Arc<Throttles>,
        readings: Readings,
        patience: Patience,
    ) -> Self {
        let ledger = Ledger::new(run.spec.budget.clone(), &run.usage);
        let Stops { stop, cancel } = stops;
        Self {
            ports,
            run,
            stop,
            cancel,
            throttles,
            readings,
            patience,
            ledger,
            waits: Waits::default(),
            began: Instant::now(),
            waited: Arc::default(),
        }
    }

    /// Records an edit, fenced by this claim, even if the caller is dropped meanwhile. While the store cannot be used,
    /// it waits, retries, and adds a warning to the run afterwards. It does not retry an edit that may have been
    /// recorded, so nothing is recorded twice.
    ///
    /// # Errors
    /// Returns `Conflict` if the claim was lost.
    pub async fn record(
        &self,
        change: impl FnOnce(&mut RunEdit) -> Result<()> + Clone + Send + 'static,
    ) -> Result<Run> {
        let (store, clock) = (Arc::clone(&self.ports.store), Arc::clone(&self.ports.clock));
        let (id, attempt) = (self.run.id, self.run.attempt);
        let waited = Arc::clone(&self.waited);
        let mut waits = self.patience.waits();
        let write = async move {
            let mut tries = 0;
            loop {
                let begun = Arc::new(AtomicBool::new(false));
                let told = Arc::new(Mutex::new(None));
                let once = {
                    let (change, begun) = (change.clone(), Arc::clone(&begun));
                    let (waited, told) = (Arc::clone(&waited), Arc::clone(&told));
                    move |edit: &mut RunEdit| {
                        begun.store(true, Ordering::Relaxed);
                        // If several records waited, only the first one to succeed reports it.
                        let wait = locked(&waited).take();
                        if let Some(wait) = &wait {
                            tell_wait(edit, wait);
                        }
                        *locked(&told) = wait;
                        change(edit)
                    }
                };
                let error = match store.change_run(id, Some(attempt), clock.now(), Box::new(once)).await {
                    Err(error @ Error::Unavailable { .. }) => {
                        let wait = locked(&told).take().unwrap_or_else(|| (clock.now(), error.to_string()));
                        locked(&waited).get_or_insert(wait);
                        error
                    }
                    // Retry an internal error only if the edit had not begun. Otherwise it may have been recorded.
                    Err(error @ Error::Internal(_)) if tries < STORE_TRIES && !begun.load(Ordering::Relaxed) => error,
                    done => return done,
                };
                tries += 1;
                let wait = waits.next().unwrap_or(STORE_WAIT).min(STORE_WAIT);
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    wait_ms = wait.as_millis(),
                    "the store is not available; a record is waiting"
                );
                tokio::time::sleep(wait).await;
            }
        };
        tokio::spawn(write.in_current_span()).await.map_err(Error::internal)?
    }

    /// Records the version of the prompts that this claim sends, unless the run has it already.
    ///
    /// # Errors
    /// Returns `Conflict` if the claim was lost.
    pub async fn prompts(&self, version: Option<&str>) -> Result<()> {
        let Some(version) = version.filter(|version| self.run.prompt_version.as_deref() != Some(version)) else {
            return Ok(());
        };
        let version = version.to_owned();
        self.record(move |edit| {
            edit.prompt(&version);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Returns how long the run has worked over all its claims, in milliseconds.
    pub fn worked_ms(&self) -> i64 {
        self.run.active_ms + i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Waits for a future, unless the server stops or the run is cancelled before or meanwhile.
    ///
    /// # Errors
    /// Returns [`Halt::Interrupted`] in that case.
    pub async fn unless_interrupted<T>(&self, wait: impl Future<Output = T>) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Halt::Interrupted),
            () = self.cancel.cancelled() => Err(Halt::Interrupted),
            done = wait => Ok(done),
        }
    }

    /// Waits for a time, unless the server stops or the run is cancelled.
    ///
    /// # Errors
    /// Returns [`Halt::Interrupted`] in that case.
    pub async fn wait(&self, time: Duration) -> Result<(), Halt> {
        self.unless_interrupted(tokio::time::sleep(time)).await
    }

    /// Completes with the error to report when the time budget is spent; never completes without a time budget.
    pub async fn out_of_time(&self) -> RunError {
        let Some(seconds) = self.run.spec.budget.max_seconds else { return std::future::pending().await };
        let left = i64::from(seconds) * 1_000 - self.worked_ms();
        tokio::time::sleep(Duration::from_millis(u64::try_from(left).unwrap_or_default())).await;
        out_of_seconds(seconds)
    }

    /// Calls the target. While it cannot be reached, reports that, waits and retries until [`Patience::target_down`].
    ///
    /// # Errors
    /// Returns [`Halt`] if the run must stop. The inner result is the target's last answer.
    pub async fn patiently<T, F>(&self, call: impl Fn() -> F + Send) -> Result<Result<T, TargetError>, Halt>
    where
        F: Future<Output = Result<T, TargetError>> + Send,
        T: Send,
    {
        let began = Instant::now();
        for wait in self.patience.waits() {
            let done = self.noticing(Awaited::Target, NO_ANSWER, || true, call()).await?;
            let left = self.patience.target_down.saturating_sub(began.elapsed());
            match done {
                Err(error @ (TargetError::Unreachable(_) | TargetError::TimedOut(_) | TargetError::Locked(_)))
                    if !left.is_zero() =>
                {
                    let wait = wait.min(left);
                    let error = target_error(&error);
                    let message = format!("{}; retrying in {:.1} s", error.message, wait.as_secs_f64());
                    self.waits_for(Awaited::Target, &error.message).await?;
                    self.record(move |edit| {
                        edit.warn(message, Some(error));
                        Ok(())
                    })
                    .await?;
                    self.wait(wait).await?;
                }
                done => {
                    self.goes_on(Awaited::Target).await?;
                    return Ok(done);
                }
            }
        }
        Ok(call().await)
    }

    /// Returns the run's DB profile.
    ///
    /// # Errors
    /// Returns [`Halt::Failed`] if the profile does not exist.
    pub async fn db_profile(&self) -> Result<DbProfile, Halt> {
        let gone = || {
            let name = self.run.spec.db_profile_name.as_deref().unwrap_or("?");
            Halt::Failed(RunError::new(
                Code::NotFound,
                format!("the DB profile `{name}` does not exist"),
                "start a new run with an existing profile",
            ))
        };
        let id = self.run.spec.db_profile_id.ok_or_else(gone)?;
        self.ports.store.db_profiles_by_id(&[id]).await?.remove(&id).ok_or_else(gone)
    }

    /// Returns the run's LLM profile.
    ///
    /// # Errors
    /// Returns [`Halt::Failed`] if the profile does not exist.
    pub async fn llm_profile(&self) -> Result<LlmProfile, Halt> {
        let gone = || {
            let name = self.run.spec.llm_profile_name.as_deref().unwrap_or("?");
            Halt::Failed(RunError::new(
                Code::NotFound,
                format!("the LLM profile `{name}` does not exist"),
                "start a new run with an existing profile",
            ))
        };
        let id = self.run.spec.llm_profile_id.ok_or_else(gone)?;
        self.ports.store.llm_profiles_by_id(&[id]).await?.remove(&id).ok_or_else(gone)
    }
}

/// Locks the mutex. No code panics while it holds one, so poisoning can be ignored.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Converts an error of a target to the error of a run or row.
#[must_use]
pub fn target_error(error: &TargetError) -> RunError {
    let (code, hint) = match error {
        TargetError::Unreachable(_) | TargetError::TimedOut(_) | TargetError::Locked(_) => (
            Code::Unavailable,
            "check that the database is running and that the DB profile's URL is correct, then resume the run",
        ),
        TargetError::Refused(_) => (Code::BadUserInput, "check the scope and the privileges of the database user"),
        TargetError::Misconfigured(_) | TargetError::Own(_) => (Code::BadUserInput, "correct the DB profile"),
        TargetError::Moved(_) => (Code::Conflict, CONFIRM),
    };
    RunError::new(code, error.to_string(), hint)
}
