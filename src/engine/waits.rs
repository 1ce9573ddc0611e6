//! What a run at work waits for: a provider, or a target.
//!
//! The rule: a wait is told at once where an answer is an error, and after [`SLOW`] where there is none. It ends with
//! the next answer. Only a change is recorded, so that a run that goes on costs nothing.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{Halt, context::RunContext};
use crate::domain::{clock::Moment, run::Waiting};

/// After so long without an answer the run is said to wait.
pub const SLOW: Duration = Duration::from_secs(5);

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The model.
    Provider,
    /// The described database.
    Target,
}

/// The waits of one claim.
#[derive(Debug, Default)]
struct State {
    provider: Option<Waiting>,
    target: Option<Waiting>,
    /// Whether a wait without an error was told of: once a claim, so that a slow model does not fill the events.
    told: bool,
}

/// The waits of one claim, shared by its tasks.
#[derive(Debug, Clone, Default)]
pub struct Waits(Arc<Mutex<State>>);

impl Waits {
    /// What the run waits for now.
    fn current(&self) -> Option<Waiting> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.provider.clone().or_else(|| state.target.clone())
    }

    /// Begins or ends a wait; tells whether that is a change. A wait that goes on keeps the moment it began.
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

    /// Whether a wait without an error is to be told: the first time alone.
    fn tell(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !std::mem::replace(&mut state.told, true)
    }
}

impl RunContext {
    /// The name by which a person knows whom the run waits for.
    fn name_of(&self, awaited: Awaited) -> String {
        let (what, name) = match awaited {
            Awaited::Provider => ("model", self.run.spec.model.as_deref()),
            Awaited::Target => ("database of the DB profile", self.run.spec.db_profile_name.as_deref()),
        };
        name.map_or_else(|| format!("the {what}"), |name| format!("the {what} {name:?}"))
    }

    /// The run waits because of this.
    ///
    /// # Errors
    /// [`Halt`] where the claim was lost.
    pub async fn waits_for(&self, awaited: Awaited, why: &str) -> Result<(), Halt> {
        let reason = format!("Waiting for {}: {why}", self.name_of(awaited));
        self.record_wait(awaited, Some(reason), false, Arc::default()).await
    }

    /// An answer came.
    ///
    /// # Errors
    /// As [`RunContext::waits_for`].
    pub async fn goes_on(&self, awaited: Awaited) -> Result<(), Halt> {
        self.record_wait(awaited, None, false, Arc::default()).await
    }

    /// Records a wait or its end, with a warning where it is to `tell`; not a wait that is `over` by then.
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
            // Tasks record in any order: each records what holds then.
            edit.wait_for(waits.current());
            if let Some(reason) = reason.filter(|_| tell) {
                edit.warn(reason, None);
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Does work that waits for somebody; where it takes long and `still` holds, says so. Ends no wait: the answer
    /// tells whether there was one.
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
            () = tokio::time::sleep(SLOW) => {}
        }
        if !still() {
            return Ok(work.await);
        }
        let reason = format!("Waiting for {}: {why}", self.name_of(awaited));
        let (tell, over) = (self.waits.tell(), Arc::<AtomicBool>::default());
        // The work goes on while the store is waited for. An answer that comes meanwhile leaves nothing to tell.
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
