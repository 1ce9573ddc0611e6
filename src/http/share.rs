//! Shared execution: subscribers with the same document, variables, operation and rights share one execution, whose
//! results are serialized once.
//!
//! ```text
//! execution ──► channel (the newest results) ──► follower, follower, follower …
//! ```
//!
//! The first subscriber opens the channel of its [`Key`]. A later subscriber follows the channel from its own starting
//! point, if the channel still has the results from there. Otherwise it has a separate execution ([`super::results`])
//! until that has caught up with the present, and follows the channel from then on.
//!
//! The rules:
//!
//! - Until a channel has caught up, it reads at most [`AHEAD`] results more than its fastest follower has taken.
//! - A channel keeps the newest results, at most [`KEPT`] of them and [`KEPT_BYTES`], so that a slow follower costs no
//!   memory. A follower whose next result is no longer kept learns that it fell behind. If the events have numbers, it
//!   reads on in a separate execution; if not, its subscription fails.
//! - A channel without followers ends.
//! - Followers are woken in waves. The more followers there are, the longer the rest between two waves ([`REST`]): each
//!   follower then finds more to write at once, and the tasks that produce the results do not have to wait for
//!   thousands that only forward them. Results that arrive during a wave wait for the next one, so that all followers
//!   get them at about the same time.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use async_graphql::Response;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{
    answer::{Answer, log_panic},
    request_id::RequestId,
};
use crate::graphql::{Position, Ready, Sharing};

/// The number of results that a channel keeps.
const KEPT: usize = 512;
/// The bytes of results that a channel keeps; a single longer result is kept too.
const KEPT_BYTES: usize = 1024 * 1024;

/// How many results a channel reads ahead of its fastest follower before it has caught up.
const AHEAD: usize = 64;

/// The rest after a wave, for each follower that it woke: about the time that it takes to wake one and to write what it
/// finds.
const REST: Duration = Duration::from_micros(10);
/// The longest rest after a wave.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// How many followers a wave wakes before it yields to other tasks.
const RIPPLE: usize = 128;

/// Operations with equal keys share an execution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The document.
    pub query: Arc<str>,
    /// The operation in the document; `None` if there is only one.
    pub operation_name: Option<String>,
    /// The variables as JSON, without the one that says where to begin.
    pub variables: String,
    /// The rights of the caller.
    pub rights: String,
}

impl Key {
    /// Returns the key of an operation.
    pub fn of(ready: &Ready, sharing: &Sharing, rights: String) -> Self {
        let mut variables = ready.variables.clone();
        if let Sharing::Numbered { variable: Some(variable), .. } = sharing {
            variables.remove(variable.as_str());
        }
        let (query, operation_name) = (Arc::clone(&ready.text), ready.operation_name.clone());
        Self { query, operation_name, variables: json!(variables).to_string(), rights }
    }
}

/// The open channels, by key. Clones share them.
#[derive(Clone, Default)]
pub struct Channels(Arc<Mutex<HashMap<Key, Weak<Channel>>>>);

impl Channels {
    fn map(&self) -> MutexGuard<'_, HashMap<Key, Weak<Channel>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the channel of a key: from the event after number `after`, or from now on. Returns `None` if there is no
    /// channel, or if it no longer has the next event.
    pub fn follow(&self, key: &Key, after: Option<i32>) -> Option<Follower> {
        let channel = self.map().get(key)?.upgrade()?;
        Follower::new(channel, after, Number::Claimed)
    }

    /// Opens a channel with this execution and follows it. If the key already has a channel, follows that one.
    ///
    /// # Errors
    /// Returns the execution if the existing channel no longer has the events that come next.
    pub fn open(&self, key: &Key, execution: Execution, stage: Stage) -> Result<Follower, Execution> {
        let mut map = self.map();
        let Shareable { position, numbered, .. } = &execution.shareable;
        let (after, position) = (numbered.then(|| position.number()), position.number());
        if let Some(channel) = map.get(key).and_then(Weak::upgrade)
            && channel.ring().stage != Stage::Ended
        {
            let number = if stage == Stage::CaughtUp { Number::Reached } else { Number::Claimed };
            return Follower::new(channel, after, number).ok_or(execution);
        }
        map.retain(|_, channel| channel.strong_count() > 0);
        let channel = Channel::open(execution, stage, key.clone(), self.clone());
        map.insert(key.clone(), Arc::downgrade(&channel));
        Ok(Follower { next: 0, after: position, id: Channel::new_id(), channel })
    }

    /// Removes a channel that has ended, unless a new one has replaced it.
    fn forget(&self, key: &Key, channel: &Arc<Channel>) {
        let mut map = self.map();
        if map.get(key).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(channel))) {
            map.remove(key);
        }
    }
}

/// What an execution needs in order to be shared.
pub struct Shareable {
    /// The number of its newest event.
    pub position: Arc<Position>,
    /// Whether its events have numbers.
    pub numbered: bool,
    /// The checked operation, from which a new execution can be made.
    pub blueprint: Arc<Ready>,
}

/// A running execution.
pub struct Execution {
    /// Its responses.
    pub responses: BoxStream<'static, Response>,
    /// What is needed to share it.
    pub shareable: Shareable,
    /// The id under which it is logged.
    pub request_id: RequestId,
}

/// One result, serialized.
#[derive(Debug)]
pub struct Shared {
    number: i32,
    /// Whether `number` is that of the event before it: the result is an error between two events.
    between: bool,
    /// The JSON text.
    pub json: String,
    /// Whether the execution failed with this result.
    pub failed: bool,
    /// The errors, if the document was refused and nothing was executed.
    pub refused: Option<Value>,
}

/// The newest results of one execution.
pub struct Channel {
    ring: Mutex<Ring>,
    numbered: bool,
    blueprint: Arc<Ready>,
    /// Wakes the producer when a follower takes a result before the channel has caught up.
    taken: Arc<Notify>,
    /// The task that runs the execution; it is aborted when the last follower drops the channel.
    producer: Mutex<Option<AbortOnDropHandle<()>>>,
}

struct Ring {
    stage: Stage,
    /// The index of the oldest kept result, counted from the channel's beginning.
    first: u64,
    kept: VecDeque<Arc<Shared>>,
    bytes: usize,
    /// How many results the waves have released, and how many of them the fastest follower has taken, counted from the
    /// channel's beginning.
    given_out: u64,
    taken: u64,
    /// The number of the newest result's event.
    newest: i32,
    waiting: HashMap<u64, Waker>,
}

/// The progress of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It reads events that exist already.
    Reading,
    /// It waits for new events.
    CaughtUp,
    /// It has no more results.
    Ended,
}

impl Ring {
    /// The index of the next result, counted from the channel's beginning.
    fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// Whether the channel may read on before it has caught up.
    fn has_room(&self) -> bool {
        let ahead = usize::try_from(self.end() - self.taken).unwrap_or(usize::MAX);
        let bytes: usize = self.kept.iter().rev().take(ahead).map(|result| result.json.len()).sum();
        ahead < AHEAD && bytes < KEPT_BYTES / 2
    }
}

impl Channel {
    fn open(execution: Execution, mut stage: Stage, key: Key, channels: Channels) -> Arc<Self> {
        let Execution { mut responses, shareable, request_id } = execution;
        let Shareable { position, numbered, blueprint } = shareable;
        let (kept, waiting, newest) = (VecDeque::new(), HashMap::new(), position.number());
        let ring = Ring { stage, first: 0, kept, bytes: 0, given_out: 0, taken: 0, newest, waiting };
        let taken = Arc::new(Notify::new());
        let channel = Arc::new(Self {
            ring: Mutex::new(ring),
            numbered,
            blueprint,
            taken: Arc::clone(&taken),
            producer: Mutex::default(),
        });
        let weak = Arc::downgrade(&channel);
        let produce = async move {
            let mut first = stage == Stage::Reading;
            // When the next wave may begin, and how many results and bytes wait for it.
            let (mut rested, mut news, mut news_bytes) = (Instant::now(), 0, 0);
            loop {
                let next = async {
                    while stage == Stage::Reading && weak.upgrade().is_some_and(|channel| !channel.ring().has_room()) {
                        taken.notified().await;
                    }
                    let next = poll_fn(|context| {
                        let next = responses.poll_next_unpin(context);
                        if next.is_pending() && position.take_caught_up() {
                            stage = Stage::CaughtUp;
                        }
                        next
                    });
                    AssertUnwindSafe(next).catch_unwind().await
                };
                let result = tokio::select! {
                    biased;
                    () = sleep_until(rested), if news > 0 => {
                        let Some(channel) = weak.upgrade() else { return };
                        (rested, news, news_bytes) = (channel.wave().await, 0, 0);
                        continue;
                    }
                    result = next => result,
                };
                let Some(channel) = weak.upgrade() else { return };
                let (answer, failed) = match result {
                    Ok(Some(response)) => (Answer::new(response), false),
                    Ok(None) => break,
                    Err(panic) => {
                        log_panic(&*panic, &request_id);
                        (Answer::internal(&request_id), true)
                    }
                };
                let refused = (std::mem::take(&mut first) && answer.refused).then(|| answer.errors());
                let last = failed || refused.is_some();
                let json = answer.to_json();
                (news, news_bytes) = (news + 1, news_bytes + json.len());
                let stage = if last { Stage::Ended } else { stage };
                channel.push(stage, Shared { number: position.number(), between: false, json, failed, refused });
                if last {
                    break;
                }
                // Calls `wave` directly when no rest is needed, because a timer fires up to a millisecond late. A wave
                // also begins early before unreleased results would be evicted.
                if Instant::now() >= rested || news > KEPT / 2 || news_bytes > KEPT_BYTES / 2 {
                    (rested, news, news_bytes) = (channel.wave().await, 0, 0);
                }
            }
            if let Some(channel) = weak.upgrade() {
                channels.forget(&key, &channel);
                channel.ring().stage = Stage::Ended;
                channel.wave().await;
            }
        };
        let span = tracing::info_span!("shared");
        let producer = AbortOnDropHandle::new(tokio::spawn(produce.instrument(span)));
        *channel.producer.lock().unwrap_or_else(PoisonError::into_inner) = Some(producer);
        channel
    }

    fn new_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, stage: Stage, result: Shared) {
        let mut ring = self.ring();
        let between = self.numbered && result.number == ring.newest;
        (ring.stage, ring.newest) = (stage, result.number);
        ring.bytes += result.json.len();
        ring.kept.push_back(Arc::new(Shared { between, ..result }));
        while ring.kept.len() > KEPT || (ring.bytes > KEPT_BYTES && ring.kept.len() > 1) {
            if let Some(oldest) = ring.kept.pop_front() {
                ring.bytes -= oldest.json.len();
                ring.first += 1;
            }
        }
    }

    /// Notes that a follower has taken, or does not need, the results before `next`.
    fn took(&self, ring: &mut Ring, next: u64) {
        if next > ring.taken {
            ring.taken = next;
            if ring.stage == Stage::Reading {
                self.taken.notify_one();
            }
        }
    }

    /// Releases the results so far and wakes all waiting followers. Returns when the next wave may begin.
    async fn wave(&self) -> Instant {
        let mut waiting: Vec<Waker> = {
            let mut ring = self.ring();
            ring.given_out = ring.end();
            ring.waiting.drain().map(|(_, waker)| waker).collect()
        };
        let rest = REST.saturating_mul(u32::try_from(waiting.len()).unwrap_or(u32::MAX)).min(LONGEST_REST);
        while !waiting.is_empty() {
            waiting.drain(..waiting.len().min(RIPPLE)).for_each(Waker::wake);
            yield_now().await;
        }
        Instant::now() + rest
    }
}

/// A reader of a channel, at its own pace.
pub struct Follower {
    channel: Arc<Channel>,
    id: u64,
    /// The index of its next result, counted from the channel's beginning.
    next: u64,
    /// The number of the event that it took last.
    after: i32,
}

/// Whether the number to begin after is known to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// A client sent it. The execution refuses a number that does not exist yet.
    Claimed,
    /// An execution has reached it.
    Reached,
}

/// What a follower reads.
pub enum Followed {
    /// The next result.
    Result(Arc<Shared>),
    /// The follower fell behind: the channel no longer has its next result.
    Behind,
    /// The channel has ended.
    End,
}

impl Follower {
    fn new(channel: Arc<Channel>, after: Option<i32>, number: Number) -> Option<Self> {
        let next = {
            let mut ring = channel.ring();
            if ring.stage == Stage::Ended {
                return None;
            }
            let next = match (after, ring.kept.front()) {
                // The next result must still be kept, or be yet to come.
                (Some(after), _) if after > ring.newest && number == Number::Claimed => return None,
                (Some(after), Some(first)) if after + 1 < first.number => return None,
                (Some(after), None) if after < ring.newest => return None,
                (Some(after), _) => ring.first + ring.kept.partition_point(|it| it.number <= after) as u64,
                (None, _) => ring.end(),
            };
            // Earlier results are not needed, so they do not hold the channel back.
            channel.took(&mut ring, next);
            next
        };
        Some(Self { id: Channel::new_id(), next, after: after.unwrap_or_default(), channel })
    }

    /// Polls for the next result.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Followed> {
        let mut ring = self.channel.ring();
        let Some(at) = self.next.checked_sub(ring.first) else { return Poll::Ready(Followed::Behind) };
        let mut at = usize::try_from(at).unwrap_or(usize::MAX);
        while (self.next < ring.given_out || ring.stage == Stage::Ended)
            && let Some(result) = ring.kept.get(at).cloned()
        {
            (self.next, at) = (self.next + 1, at + 1);
            self.channel.took(&mut ring, self.next);
            // A follower that was ahead of the channel already has this event.
            if self.channel.numbered && !result.between && result.number <= self.after {
                continue;
            }
            self.after = result.number;
            return Poll::Ready(Followed::Result(result));
        }
        if ring.stage == Stage::Ended {
            return Poll::Ready(Followed::End);
        }
        match ring.waiting.get_mut(&self.id) {
            Some(waker) => waker.clone_from(context.waker()),
            None => drop(ring.waiting.insert(self.id, context.waker().clone())),
        }
        Poll::Pending
    }

    /// Returns the number of the last event and the operation, from which a separate execution can continue; `None` if
    /// the events have no numbers.
    pub fn resume(&self) -> Option<(i32, Arc<Ready>)> {
        self.channel.numbered.then(|| (self.after, Arc::clone(&self.channel.blueprint)))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.channel.ring().waiting.remove(&self.id);
    }
}
