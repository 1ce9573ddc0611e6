//! What a run waits for: a provider, or a target.
//!
//! The rules: a wait is reported immediately if the answer is an error, and after [`REPORT_AFTER`] if there is no
//! answer. It ends with the next answer. Only changes are recorded, so a run that makes progress records nothing here.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{Halt, context::RunContext};
use crate::domain::{clock::Moment, run::Waiting};

/// A run counts as waiting after this time without an answer.
pub const REPORT_AFTER: Duration = Duration::from_secs(5);

/// The kind of service that a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The model.
    Provider,
    /// The described database.
    Target,
}

/// The state of one claim's waits.
#[derive(Debug, Default)]
struct State {
    provider: Option<Waiting>,
    target: Option<Waiting>,
    /// Whether a wait without an error was reported. This happens once per claim, so that a slow model does not fill
    /// the events.
    told: bool,
}

/// The waits of one claim, shared by its tasks.
#[derive(Debug, Clone, Default)]
pub struct Waits(Arc<Mutex<State>>);

impl Waits {
    /// Returns what the run waits for now.
    fn current(&self) -> Option<Waiting> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.provider.clone().or_else(|| state.target.clone())
    }

    /// Starts or ends a wait and returns whether that is a change. A wait that continues keeps its start.
    fn set(&self, awaited: Awaited, reason: Option<&str>, now: Moment) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = match awaited {
            Awaited::Provider => &mut state.provider,
            Awaited::Target => &mut state.target,
        };
        if place.as_ref().map(|waiting| waiting.reason.as_str()) == reason {
            return false;
        }
        let since = place.as_ref().map_or(now, |waiting| waiting.since);
        *place = reason.map(|reason| Waiting { reason: reason.to_owned(), since });
        true
    }

    /// Returns whether to report a wait without an error, which is only the first time.
    fn tell(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !std::mem::replace(&mut state.told, true)
    }
}

impl RunContext {
    /// Returns the service's name for messages.
    fn name_of(&self, awaited: Awaited) -> String {
        let (what, name) = match awaited {
            Awaited::Provider => ("model", self.run.spec.model.as_deref()),
            Awaited::Target => ("database of the DB profile", self.run.spec.db_profile_name.as_deref()),
        };
        name.map_or_else(|| format!("the {what}"), |name| format!("the {what} {name:?}"))
    }

    /// Records that the run waits, and why.
    ///
    /// # Errors
    /// Returns [`Halt`] if the claim was lost.
    pub async fn waits_for(&self, awaited: Awaited, why: &str) -> Result<(), Halt> {
        let reason = format!("Waiting for {}: {why}", self.name_of(awaited));
        self.record_wait(awaited, Some(reason), false, Arc::default()).await
    }

    /// Records that an answer came, which ends the wait.
    ///
    /// # Errors
    /// As [`RunContext::waits_for`].
    pub async fn goes_on(&self, awaited: Awaited) -> Result<(), Halt> {
        self.record_wait(awaited, None, false, Arc::default()).await
    }

    /// Records a wait or its end, with a warning if `tell` is set. Records nothing if the wait is `over` by then.
    async fn record_wait(
        &self,
        awaited: Awaited,
        reason: Option<String>,
        tell: bool,
        over: Arc<AtomicBool>,
    ) -> Result<(), Halt> {
        if !self.waits.set(awaited, reason.as_deref(), self.ports.clock.now()) {
            return Ok(());
        }
        let waits = self.waits.clone();
        self.record(move |edit| {
            if over.load(Ordering::Relaxed) {
                return Ok(());
            }
            // Tasks record in any order, so each records the state at that time.
            edit.wait_for(waits.current());
            if let Some(reason) = reason.filter(|_| tell) {
                edit.warn(reason, None);
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Runs `work`, and records a wait if it takes longer than [`REPORT_AFTER`] and `still` holds. It does not end the
    /// wait: the caller does, depending on the answer.
    ///
    /// # Errors
    /// As [`RunContext::waits_for`].
    pub async fn noticing<T>(
        &self,
        awaited: Awaited,
        why: &str,
        still: impl Fn() -> bool + Send,
        work: impl Future<Output = T> + Send,
    ) -> Result<T, Halt> {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = tokio::time::sleep(REPORT_AFTER) => {}
        }
        if !still() {
            return Ok(work.await);
        }
        let reason = format!("Waiting for {}: {why}", self.name_of(awaited));
        let (tell, over) = (self.waits.tell(), Arc::<AtomicBool>::default());
        // The work continues while the wait is being recorded. If it finishes first, there is nothing to record.
        let work = async {
            let done = work.await;
            over.store(true, Ordering::Relaxed);
            done
        };
        let (recorded, done) = tokio::join!(self.record_wait(awaited, Some(reason), tell, Arc::clone(&over)), work);
        recorded?;
        Ok(done)
    }
}
