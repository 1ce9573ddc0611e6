//! The open channels, and what an execution needs to become one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use async_graphql::Response;
use futures_util::stream::BoxStream;

use super::{
    channel::Channel,
    follower::{Follower, Number},
    key::Key,
    ring::Stage,
};
use crate::{
    graphql::{Position, Ready},
    http::request_id::RequestId,
};

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

/// How many channels a key may have: one at the present, and others for those who read older events.
const MOST_CHANNELS: usize = 8;

/// The open channels, by key. Clones share them.
#[derive(Clone, Default)]
pub struct Channels(Arc<Mutex<HashMap<Key, Vec<Weak<Channel>>>>>);

impl Channels {
    fn map(&self) -> MutexGuard<'_, HashMap<Key, Vec<Weak<Channel>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows a channel of a key: from the event after number `after`, or from now on. Returns `None` if no channel
    /// has the next event.
    pub fn follow(&self, key: &Key, after: Option<i32>) -> Option<Follower> {
        let map = self.map();
        let channels = map.get(key)?.iter().filter_map(Weak::upgrade);
        channels.into_iter().find_map(|channel| Follower::new(channel, after, Number::Claimed))
    }

    /// Opens a channel with this execution and follows it. If a channel of the key has the events that come next,
    /// follows that one.
    ///
    /// # Errors
    /// Returns the execution if the key has as many channels as it may have, and none has the events that come next.
    pub fn open(&self, key: &Key, execution: Execution, stage: Stage) -> Result<Follower, Execution> {
        let mut map = self.map();
        let Shareable { position, numbered, .. } = &execution.shareable;
        let (after, position) = (numbered.then(|| position.number()), position.number());
        map.retain(|_, channels| {
            channels.retain(|channel| channel.strong_count() > 0);
            !channels.is_empty()
        });
        let channels = map.entry(key.clone()).or_default();
        let open: Vec<Arc<Channel>> =
            channels.iter().filter_map(Weak::upgrade).filter(|channel| !channel.ring().stage.is_over()).collect();
        for channel in &open {
            // An execution at the present must not wait for a channel that reads older events.
            let is_present = stage == Stage::CaughtUp && channel.ring().stage == Stage::CaughtUp;
            let number = if is_present { Number::Reached } else { Number::Claimed };
            if let Some(follower) = Follower::new(Arc::clone(channel), after, number) {
                return Ok(follower);
            }
        }
        if open.len() >= MOST_CHANNELS {
            return Err(execution);
        }
        let channel = Channel::open(execution, stage, key.clone(), self.clone());
        channels.push(Arc::downgrade(&channel));
        Ok(Follower::of_new(channel, position))
    }

    /// Returns whether an older channel of the key is at the present, so that the followers of this one can continue
    /// there after event number `newest`.
    pub fn has_another(&self, key: &Key, channel: &Weak<Channel>, newest: i32) -> bool {
        let map = self.map();
        let older = map.get(key).into_iter().flatten().take_while(|other| !other.ptr_eq(channel));
        older.filter_map(Weak::upgrade).any(|other| {
            let ring = other.ring();
            ring.stage == Stage::CaughtUp && ring.newest >= newest
        })
    }

    /// Removes a channel that has ended.
    pub fn forget(&self, key: &Key, channel: &Arc<Channel>) {
        let mut map = self.map();
        if let Some(channels) = map.get_mut(key) {
            channels.retain(|known| !std::ptr::eq(known.as_ptr(), Arc::as_ptr(channel)));
            if channels.is_empty() {
                map.remove(key);
            }
        }
    }
}
