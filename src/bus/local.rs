//! Nudges within one process.
//!
//! The rule: sending a nudge never waits and never fails. A subscriber to all runs has a bounded queue and learns how
//! many nudges it missed. A subscriber to one run watches a single counter.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use futures_util::{Stream, StreamExt};
use tokio::sync::{broadcast, watch};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

use crate::{
    domain::id::RunId,
    port::bus::{Bus, Missed, RunNudge, RunNudges, SuggestionNudge, SuggestionNudges},
    telemetry::metrics,
};

/// Maximum number of queued nudges for a subscriber to all runs. Beyond it, the oldest are dropped and the subscriber
/// learns how many it missed.
const QUEUE: usize = 1024;
/// Number of counters at which those without subscribers are first removed.
const SWEEP_FROM: usize = 64;

/// A nudge, or that some are missing, and when it was sent.
type Sent<N> = (Instant, Result<N, Missed>);

/// A bus within this process.
#[derive(Debug)]
pub struct LocalBus {
    all: broadcast::Sender<Sent<RunNudge>>,
    suggestions: broadcast::Sender<Sent<SuggestionNudge>>,
    single: Mutex<Marks>,
    schedules: watch::Sender<u64>,
}

/// The change counters of runs that have subscribers.
#[derive(Debug)]
struct Marks {
    senders: HashMap<RunId, watch::Sender<u64>>,
    sweep_at: usize,
}

impl LocalBus {
    /// Creates a bus without subscribers.
    #[must_use]
    pub fn new() -> Self {
        let marks = Marks { senders: HashMap::new(), sweep_at: SWEEP_FROM };
        Self {
            all: broadcast::Sender::new(QUEUE),
            suggestions: broadcast::Sender::new(QUEUE),
            single: Mutex::new(marks),
            schedules: watch::Sender::new(0),
        }
    }

    /// Delivers a nudge of a run, of this process or of another.
    pub(super) fn deliver_run(&self, nudge: RunNudge) {
        if let Some(mark) = self.single.lock().unwrap_or_else(PoisonError::into_inner).senders.get(&nudge.run_id) {
            mark.send_modify(|count| *count = count.wrapping_add(1));
        }
        // Sending fails only if there are no subscribers, which is no error.
        let _ = self.all.send((Instant::now(), Ok(nudge)));
    }

    /// Delivers a nudge of suggestions, of this process or of another.
    pub(super) fn deliver_suggestions(&self, nudge: SuggestionNudge) {
        let _ = self.suggestions.send((Instant::now(), Ok(nudge)));
    }

    /// Tells all listeners that nudges of other processes are missing.
    pub(super) fn missed(&self) {
        for mark in self.single.lock().unwrap_or_else(PoisonError::into_inner).senders.values() {
            mark.send_modify(|count| *count = count.wrapping_add(1));
        }
        let _ = self.all.send((Instant::now(), Err(Missed::Apart)));
        let _ = self.suggestions.send((Instant::now(), Err(Missed::Apart)));
        self.schedules.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

impl Marks {
    /// Removes the counters of runs without subscribers, each time the number of counters may have doubled.
    fn sweep(&mut self) {
        if self.senders.len() >= self.sweep_at {
            self.senders.retain(|_, mark| mark.receiver_count() > 0);
            self.sweep_at = (self.senders.len() * 2).max(SWEEP_FROM);
        }
    }
}

/// Returns a stream of the nudges sent from now on. A slow subscriber gets [`Missed`] with the number it missed.
fn queue<N: Clone + Send + 'static>(
    sender: &broadcast::Sender<Sent<N>>,
) -> Pin<Box<dyn Stream<Item = Result<N, Missed>> + Send>> {
    let nudges = BroadcastStream::new(sender.subscribe());
    Box::pin(nudges.map(|received| match received {
        Ok((sent, nudge)) => {
            metrics::nudge_received(sent);
            nudge
        }
        Err(BroadcastStreamRecvError::Lagged(dropped)) => {
            metrics::nudges_lost(dropped);
            Err(Missed::Slow(dropped))
        }
    }))
}

#[async_trait]
impl Bus for LocalBus {
    fn nudge(&self, nudge: RunNudge) {
        self.deliver_run(nudge);
        metrics::nudge_sent();
    }

    fn runs(&self) -> RunNudges {
        queue(&self.all)
    }

    fn nudge_suggestions(&self, nudge: SuggestionNudge) {
        self.deliver_suggestions(nudge);
        metrics::nudge_sent();
    }

    fn hears_suggestions(&self) -> bool {
        self.suggestions.receiver_count() > 0
    }

    fn suggestions(&self) -> SuggestionNudges {
        queue(&self.suggestions)
    }

    fn run(&self, run_id: RunId) -> watch::Receiver<u64> {
        let mut marks = self.single.lock().unwrap_or_else(PoisonError::into_inner);
        marks.sweep();
        marks.senders.entry(run_id).or_default().subscribe()
    }

    fn nudge_schedules(&self) {
        self.schedules.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn schedules(&self) -> watch::Receiver<u64> {
        self.schedules.subscribe()
    }

    /// Every nudge has arrived.
    async fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nudge(id: i64) -> RunNudge {
        RunNudge { run_id: RunId(id), before: None, after: None }
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_what_it_missed_and_goes_on() {
        let bus = LocalBus::new();
        let mut runs = bus.runs();
        for id in 0..1030 {
            bus.nudge(nudge(id));
        }
        assert_eq!(runs.next().await.unwrap().unwrap_err(), Missed::Slow(6));
        assert_eq!(runs.next().await.unwrap().unwrap().run_id, RunId(6));
    }

    #[tokio::test]
    async fn a_listener_to_one_run_hears_of_that_run_alone_and_its_mark_goes_with_it() {
        let bus = LocalBus::new();
        let mut one = bus.run(RunId(1));
        bus.nudge(nudge(2));
        assert!(!one.has_changed().unwrap());
        bus.nudge(nudge(1));
        bus.nudge(nudge(1));
        one.changed().await.unwrap();
        assert!(!one.has_changed().unwrap());
        for id in 2..1_000 {
            drop(bus.run(RunId(id)));
        }
        assert!(bus.single.lock().unwrap().senders.len() <= SWEEP_FROM);
        bus.nudge(nudge(1));
        assert!(one.has_changed().unwrap());
    }
}
