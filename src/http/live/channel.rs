//! A channel: one execution, whose newest results its followers read.
//!
//! The rules:
//!
//! - A channel without followers ends.
//! - Followers are woken in waves. The more followers there are, the longer the pause between two waves
//!   ([`PAUSE_PER_FOLLOWER`]): each follower then finds more to write at once, and the tasks that produce the results
//!   do not have to wait for thousands that only forward them. Results that arrive during a wave wait for the next one,
//!   so that all followers get them at about the same time.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::Waker,
    time::Duration,
};

use tokio::{sync::Notify, task::yield_now, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{
    channels::{Channels, Execution, Shareable},
    key::Key,
    producer::Producer,
    ring::{Ring, Shared, Stage},
};
use crate::graphql::Ready;

/// The pause after a wave, for each follower that it woke: about the time that it takes to wake one and to write what
/// it finds.
const PAUSE_PER_FOLLOWER: Duration = Duration::from_micros(10);
/// The longest pause after a wave.
const MAX_PAUSE: Duration = Duration::from_millis(100);
/// How many followers a wave wakes before it yields to other tasks.
const WAKE_BATCH: usize = 128;

/// The newest results of one execution.
pub struct Channel {
    ring: Mutex<Ring>,
    /// Whether its events have numbers.
    pub numbered: bool,
    /// The checked operation, from which a new execution can be made.
    pub blueprint: Arc<Ready>,
    /// Wakes the producer when the fastest follower has read another result, or the last laggard has read on.
    progress: Arc<Notify>,
    /// The task that runs the execution; it is aborted when the last follower drops the channel.
    producer: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl Channel {
    /// Opens the channel of a key and starts its producer.
    pub fn open(execution: Execution, stage: Stage, key: Key, channels: Channels) -> Arc<Self> {
        let Execution { responses, shareable: Shareable { position, numbered, blueprint }, request_id } = execution;
        let progress = Arc::new(Notify::new());
        let channel = Arc::new(Self {
            ring: Mutex::new(Ring::new(stage, position.number())),
            numbered,
            blueprint,
            progress: Arc::clone(&progress),
            producer: Mutex::default(),
        });
        let weak = Arc::downgrade(&channel);
        let producer = Producer {
            channel: weak,
            channels,
            key,
            stage,
            responses,
            position,
            numbered,
            request_id,
            progress,
            patience_ends: None,
        };
        let span = tracing::info_span!("shared");
        let producer = AbortOnDropHandle::new(tokio::spawn(producer.run().instrument(span)));
        *channel.producer.lock().unwrap_or_else(PoisonError::into_inner) = Some(producer);
        channel
    }

    /// Returns a new id for a follower.
    pub fn new_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// Locks the results.
    pub fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a result.
    pub fn push(&self, stage: Stage, result: Shared) {
        let mut ring = self.ring();
        let between = self.numbered && result.number == ring.newest;
        ring.push(stage, Shared { between, ..result });
    }

    /// Notes that the results before `next` are not needed by a follower.
    pub fn skip(&self, ring: &mut Ring, next: u64) {
        if ring.skip(next) {
            self.progress.notify_one();
        }
    }

    /// Notes that the follower at this place has read the results before `next`.
    pub fn advance(&self, ring: &mut Ring, place: &AtomicU64, next: u64) {
        if ring.advance(place, next) {
            self.progress.notify_one();
        }
    }

    /// Removes a follower.
    pub fn leave(&self, id: u64) {
        if self.ring().leave(id) {
            self.progress.notify_one();
        }
    }

    /// Releases the results so far and wakes all waiting followers. Returns when the next wave may begin.
    pub async fn wave(&self) -> Instant {
        let mut waiting: Vec<Waker> = {
            let mut ring = self.ring();
            ring.released = ring.end();
            ring.waiting.drain().map(|(_, waker)| waker).collect()
        };
        let pause = PAUSE_PER_FOLLOWER.saturating_mul(u32::try_from(waiting.len()).unwrap_or(u32::MAX)).min(MAX_PAUSE);
        while !waiting.is_empty() {
            waiting.drain(..waiting.len().min(WAKE_BATCH)).for_each(Waker::wake);
            yield_now().await;
        }
        Instant::now() + pause
    }
}
