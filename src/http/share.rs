//! Shared execution: subscribers to the same document, variables, operation and rights have one execution, whose
//! results are written as JSON once.
//!
//! ```text
//! execution ──► channel (the newest results) ──► follower, follower, follower …
//! ```
//!
//! The first subscriber of a kind opens its channel; who comes later follows it from where they want to begin, where
//! the channel still has that. Who does not find it there has an execution of their own ([`super::results`]) until it
//! has caught up with what happens now, and follows from then on. The rules: until a channel has caught up, it reads
//! no more than its quickest follower takes ([`AHEAD`]); a channel keeps the newest results up to [`KEPT`] and
//! [`KEPT_BYTES`], so that nothing grows for a slow follower; a follower that falls out of these is told so, and
//! reads again at its own pace where events are numbered; a channel without followers ends. Followers are woken in
//! waves, which come the less often the more there are ([`REST`]): each then finds more to write at once, and those
//! who make the results are not kept waiting behind thousands who only pass them on. What comes while a wave goes out
//! waits for the next, so that all have it at about the same time.

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

/// Results that a channel keeps.
const KEPT: usize = 512;
/// Bytes of results that a channel keeps, unless a single one is longer.
const KEPT_BYTES: usize = 1024 * 1024;

/// Results that a channel reads before somebody takes them, until it has caught up.
const AHEAD: usize = 64;

/// How long after a wave no other goes out, for each follower that it woke: about as long as it takes to wake one and
/// write what it finds.
const REST: Duration = Duration::from_micros(10);
/// However many there are.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// Followers that are woken before others get their turn.
const RIPPLE: usize = 128;

/// What makes operations the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The document.
    pub query: Arc<str>,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// As JSON, without the one that says where to begin.
    pub variables: String,
    /// Of those who ask.
    pub rights: String,
}

impl Key {
    /// What an operation has in common with those that may share its execution.
    pub fn of(ready: &Ready, sharing: &Sharing, rights: String) -> Self {
        let mut variables = ready.variables.clone();
        if let Sharing::Numbered { variable: Some(variable), .. } = sharing {
            variables.remove(variable.as_str());
        }
        let (query, operation_name) = (Arc::clone(&ready.text), ready.operation_name.clone());
        Self { query, operation_name, variables: json!(variables).to_string(), rights }
    }
}

/// The channels at work.
#[derive(Clone, Default)]
pub struct Channels(Arc<Mutex<HashMap<Key, Weak<Channel>>>>);

impl Channels {
    fn map(&self) -> MutexGuard<'_, HashMap<Key, Weak<Channel>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the channel of this kind from after a number, or from now on; `None` where there is no channel, or
    /// none that still has what comes next.
    pub fn follow(&self, key: &Key, after: Option<i32>) -> Option<Follower> {
        let channel = self.map().get(key)?.upgrade()?;
        Follower::new(channel, after, Number::Claimed)
    }

    /// Makes an execution the channel of its kind, and follows it. Where another was faster, its channel is followed;
    /// `Err` gives the execution back where that does not have what comes next.
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

    /// Forgets a channel that has ended, unless a new one has its place.
    fn forget(&self, key: &Key, channel: &Arc<Channel>) {
        let mut map = self.map();
        if map.get(key).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(channel))) {
            map.remove(key);
        }
    }
}

/// What an execution needs in order to be shared.
pub struct Shareable {
    /// Where it stands.
    pub position: Arc<Position>,
    /// Whether its events have numbers.
    pub numbered: bool,
    /// What was asked.
    pub blueprint: Arc<Ready>,
}

/// An execution under way.
pub struct Execution {
    /// Its results.
    pub responses: BoxStream<'static, Response>,
    /// Its part in what is shared.
    pub shareable: Shareable,
    /// Names it in the log.
    pub request_id: RequestId,
}

/// One result, written.
#[derive(Debug)]
pub struct Shared {
    number: i32,
    /// Whether its number is not its own: something went wrong between two events.
    between: bool,
    /// The JSON text.
    pub json: String,
    /// Whether the execution broke off with it.
    pub failed: bool,
    /// The errors for which nothing was executed.
    pub refused: Option<Value>,
}

/// The newest results of one execution.
pub struct Channel {
    ring: Mutex<Ring>,
    numbered: bool,
    blueprint: Arc<Ready>,
    /// Somebody took a result before the channel had caught up.
    taken: Arc<Notify>,
    /// Runs the execution as long as somebody follows.
    producer: Mutex<Option<AbortOnDropHandle<()>>>,
}

struct Ring {
    stage: Stage,
    /// How many results came before those that are kept.
    first: u64,
    kept: VecDeque<Arc<Shared>>,
    bytes: usize,
    /// How many results the last wave gave out, and how many of them somebody has taken, counted from the channel's
    /// beginning.
    given_out: u64,
    taken: u64,
    /// The number of the newest result.
    newest: i32,
    waiting: HashMap<u64, Waker>,
}

/// How far a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It reads what there is already.
    Reading,
    /// What comes is news.
    CaughtUp,
    /// Nothing more comes.
    Ended,
}

impl Ring {
    /// Which result comes next, counted from the channel's beginning.
    fn end(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// Whether more is to be read.
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
            // From when on the next wave may go out, and how much is new for it.
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
                // A timer would be late by a millisecond where no rest is needed, and what is new must not be gone
                // before anybody had it.
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

    /// Somebody has taken, or needs not, what comes before this result.
    fn took(&self, ring: &mut Ring, next: u64) {
        if next > ring.taken {
            ring.taken = next;
            if ring.stage == Stage::Reading {
                self.taken.notify_one();
            }
        }
    }

    /// Gives out what there is and wakes all who wait; gives the moment until which they are left alone.
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

/// Reads a channel at its own pace.
pub struct Follower {
    channel: Arc<Channel>,
    id: u64,
    /// Which result comes next, counted from the channel's beginning.
    next: u64,
    /// The number of the event that was taken last.
    after: i32,
}

/// How sure a number to begin after is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// A client says so; one that nothing has reached is for the execution to refuse.
    Claimed,
    /// An execution was there.
    Reached,
}

/// What a follower gets.
pub enum Followed {
    /// The next result.
    Result(Arc<Shared>),
    /// It fell behind: what comes next is not kept any more.
    Behind,
    /// There is nothing more.
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
                // What comes next must be kept, or still to come.
                (Some(after), _) if after > ring.newest && number == Number::Claimed => return None,
                (Some(after), Some(first)) if after + 1 < first.number => return None,
                (Some(after), None) if after < ring.newest => return None,
                (Some(after), _) => ring.first + ring.kept.partition_point(|it| it.number <= after) as u64,
                (None, _) => ring.end(),
            };
            // What comes before is of no use to it, and must not keep it waiting.
            channel.took(&mut ring, next);
            next
        };
        Some(Self { id: Channel::new_id(), next, after: after.unwrap_or_default(), channel })
    }

    /// What comes next.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Followed> {
        let mut ring = self.channel.ring();
        let Some(at) = self.next.checked_sub(ring.first) else { return Poll::Ready(Followed::Behind) };
        let mut at = usize::try_from(at).unwrap_or(usize::MAX);
        while (self.next < ring.given_out || ring.stage == Stage::Ended)
            && let Some(result) = ring.kept.get(at).cloned()
        {
            (self.next, at) = (self.next + 1, at + 1);
            self.channel.took(&mut ring, self.next);
            // Who was ahead of the channel has had it.
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

    /// The number of the event that was taken last, where events have numbers: an execution of this blueprint can
    /// go on after it.
    pub fn resume(&self) -> Option<(i32, Arc<Ready>)> {
        self.channel.numbered.then(|| (self.after, Arc::clone(&self.channel.blueprint)))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.channel.ring().waiting.remove(&self.id);
    }
}
