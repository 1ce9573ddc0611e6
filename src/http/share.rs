//! Shared execution: subscribers to the same document, variables, operation and rights have one execution, whose
//! results are written as JSON once.
//!
//! ```text
//! execution ──► channel (the newest results) ──► follower, follower, follower …
//! ```
//!
//! A subscriber begins with an execution of its own ([`super::results`]). When that has caught up with what
//! happens now, it becomes a follower of the channel of its kind, or its execution becomes the channel's, for
//! those who come later. The rules: a channel keeps the newest results up to [`KEPT`] and [`KEPT_BYTES`], so that
//! nothing grows for a slow follower; a follower that falls out of these is told so, and reads again at its own
//! pace where events are numbered; a channel without followers ends.

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use async_graphql::Response;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{
    answer::{Answer, log_panic},
    request::{Blueprint, RequestId},
};
use crate::graphql::Place;

/// Results that a channel keeps.
const KEPT: usize = 512;
/// Bytes of results that a channel keeps, unless a single one is longer.
const KEPT_BYTES: usize = 1024 * 1024;

/// What makes operations the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// As JSON, without the one that says where to begin.
    pub variables: String,
    /// Of those who ask.
    pub rights: String,
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

    /// Makes an execution that has caught up the channel of its kind, and follows it. Where another was faster, its
    /// channel is followed; `Err` gives the execution back where that is not possible.
    pub fn open(&self, key: &Key, execution: Execution) -> Result<Follower, Execution> {
        let mut map = self.map();
        let after = execution.shareable.numbered.then(|| execution.shareable.place.number());
        if let Some(channel) = map.get(key).and_then(Weak::upgrade)
            && !channel.ring().ended
        {
            return Follower::new(channel, after, Number::Reached).ok_or(execution);
        }
        map.retain(|_, channel| channel.strong_count() > 0);
        let channel = Channel::open(execution, key.clone(), self.clone());
        map.insert(key.clone(), Arc::downgrade(&channel));
        Ok(Follower { next: 0, after: after.unwrap_or_default(), id: Channel::new_id(), channel })
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
    pub place: Arc<Place>,
    /// Whether its events have numbers.
    pub numbered: bool,
    /// What was asked.
    pub blueprint: Arc<Blueprint>,
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
}

/// The newest results of one execution.
pub struct Channel {
    ring: Mutex<Ring>,
    numbered: bool,
    blueprint: Arc<Blueprint>,
    /// Runs the execution as long as somebody follows.
    producer: Mutex<Option<AbortOnDropHandle<()>>>,
}

#[derive(Default)]
struct Ring {
    /// How many results came before those that are kept.
    first: u64,
    kept: VecDeque<Arc<Shared>>,
    bytes: usize,
    /// The number of the newest result.
    newest: i32,
    ended: bool,
    waiting: HashMap<u64, Waker>,
}

impl Channel {
    fn open(execution: Execution, key: Key, channels: Channels) -> Arc<Self> {
        let Execution { mut responses, shareable, request_id } = execution;
        let Shareable { place, numbered, blueprint } = shareable;
        let ring = Ring { newest: place.number(), ..Ring::default() };
        let channel = Arc::new(Self { ring: Mutex::new(ring), numbered, blueprint, producer: Mutex::default() });
        let weak = Arc::downgrade(&channel);
        let produce = async move {
            let mut last = place.number();
            loop {
                let result = AssertUnwindSafe(responses.next()).catch_unwind().await;
                let Some(channel) = weak.upgrade() else { return };
                let (answer, failed) = match result {
                    Ok(Some(response)) => (Answer::new(response, &request_id), false),
                    Ok(None) => break,
                    Err(panic) => {
                        log_panic(&*panic, &request_id);
                        (Answer::internal(&request_id), true)
                    }
                };
                let (number, before) = (place.number(), last);
                last = number;
                channel.push(Shared { number, between: numbered && number == before, json: answer.to_json(), failed });
                if failed {
                    break;
                }
            }
            if let Some(channel) = weak.upgrade() {
                channels.forget(&key, &channel);
                channel.end();
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

    fn push(&self, result: Shared) {
        let mut ring = self.ring();
        ring.newest = result.number;
        ring.bytes += result.json.len();
        ring.kept.push_back(Arc::new(result));
        while ring.kept.len() > KEPT || (ring.bytes > KEPT_BYTES && ring.kept.len() > 1) {
            if let Some(oldest) = ring.kept.pop_front() {
                ring.bytes -= oldest.json.len();
                ring.first += 1;
            }
        }
        wake(ring);
    }

    fn end(&self) {
        let mut ring = self.ring();
        ring.ended = true;
        wake(ring);
    }
}

/// Wakes all who wait, without holding the ring.
fn wake(mut ring: MutexGuard<'_, Ring>) {
    let waiting: Vec<Waker> = ring.waiting.drain().map(|(_, waker)| waker).collect();
    drop(ring);
    waiting.into_iter().for_each(Waker::wake);
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
            let ring = channel.ring();
            if ring.ended {
                return None;
            }
            match (after, ring.kept.front()) {
                // What comes next must be kept, or still to come.
                (Some(after), _) if after > ring.newest && number == Number::Claimed => return None,
                (Some(after), Some(first)) if after + 1 < first.number => return None,
                (Some(after), None) if after < ring.newest => return None,
                (Some(after), _) => ring.first + ring.kept.partition_point(|it| it.number <= after) as u64,
                (None, _) => ring.first + ring.kept.len() as u64,
            }
        };
        Some(Self { id: Channel::new_id(), next, after: after.unwrap_or_default(), channel })
    }

    /// What comes next.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Followed> {
        let mut ring = self.channel.ring();
        let Some(at) = self.next.checked_sub(ring.first) else { return Poll::Ready(Followed::Behind) };
        let mut at = usize::try_from(at).unwrap_or(usize::MAX);
        while let Some(result) = ring.kept.get(at) {
            (self.next, at) = (self.next + 1, at + 1);
            // Who was ahead of the channel has had it.
            if self.channel.numbered && !result.between && result.number <= self.after {
                continue;
            }
            self.after = result.number;
            return Poll::Ready(Followed::Result(Arc::clone(result)));
        }
        if ring.ended {
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
    pub fn resume(&self) -> Option<(i32, Arc<Blueprint>)> {
        self.channel.numbered.then(|| (self.after, Arc::clone(&self.channel.blueprint)))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.channel.ring().waiting.remove(&self.id);
    }
}
