//! `runProgress`: every event of one run after a number, first those recorded, then live.
//!
//! The rule, which gives no gap and no repeat however slow the listener is: listen first, then read the
//! store, then read it again on every nudge and every few seconds by oneself. A listener holds one page of
//! events at most; what it has not taken yet stays in the store.

use std::{collections::VecDeque, time::Duration};

use futures_util::{Stream, stream};
use tokio::{sync::watch, time::timeout};

use super::runs::unknown_run;
use crate::{
    domain::{Error, Result, event::RunEvent, id::RunId, run::Run},
    port::Ports,
};

/// Events read at a time.
const PAGE: u64 = 100;
/// How long to wait for a nudge before looking without one.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// The use case.
#[derive(Clone)]
pub struct RunProgress {
    ports: Ports,
}

impl RunProgress {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// The events of a run after sequence number `after`. Completes when all is sent and the run is not live.
    ///
    /// # Errors
    /// `NotFound`; `BadInput` for an `after` that the run has not reached.
    pub async fn watch(
        &self,
        run_id: RunId,
        after: i32,
    ) -> Result<impl Stream<Item = Result<RunEvent>> + Send + use<>> {
        let nudges = self.ports.bus.run(run_id);
        let run = self.ports.store.runs_by_id(&[run_id]).await?.remove(&run_id);
        let run = run.ok_or_else(|| unknown_run("runId"))?;
        if after < 0 || after > run.last_sequence {
            let message = format!(
                "`after` is {after}; run #{run_id} has events 1 to {}, and 0 is before the first",
                run.last_sequence
            );
            return Err(Error::bad_input("after", message));
        }
        let tail = Tail { ports: self.ports.clone(), run_id, after, nudges, read: VecDeque::new(), ended: false };
        Ok(stream::unfold(tail, Tail::step))
    }
}

/// Where one listener stands.
struct Tail {
    ports: Ports,
    run_id: RunId,
    /// The number of the last event handed out.
    after: i32,
    nudges: watch::Receiver<u64>,
    /// Read, not yet handed out.
    read: VecDeque<RunEvent>,
    ended: bool,
}

impl Tail {
    async fn step(mut self) -> Option<(Result<RunEvent>, Self)> {
        if self.ended {
            return None;
        }
        match self.next().await {
            Ok(Some(event)) => {
                self.after = event.sequence;
                Some((Ok(event), self))
            }
            Ok(None) => None,
            Err(error) => {
                self.ended = true;
                Some((Err(error), self))
            }
        }
    }

    async fn next(&mut self) -> Result<Option<RunEvent>> {
        loop {
            if let Some(event) = self.read.pop_front() {
                return Ok(Some(event));
            }
            // Seen before the store is read: what is committed from here on nudges again.
            self.nudges.mark_unchanged();
            self.read = self.ports.store.events_after(self.run_id, self.after, PAGE).await?.into();
            if !self.read.is_empty() {
                continue;
            }
            match self.run().await? {
                // Gone: there is nothing more to send.
                None => return Ok(None),
                Some(run) if !run.status.is_live() && run.last_sequence <= self.after => return Ok(None),
                // It moved between the two reads.
                Some(run) if run.last_sequence > self.after => {}
                Some(_) => self.wait().await,
            }
        }
    }

    async fn run(&self) -> Result<Option<Run>> {
        Ok(self.ports.store.runs_by_id(&[self.run_id]).await?.remove(&self.run_id))
    }

    async fn wait(&mut self) {
        // A bus that has gone away nudges no more; looking by oneself remains.
        if let Ok(Err(_)) = timeout(LOOK_EVERY, self.nudges.changed()).await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
