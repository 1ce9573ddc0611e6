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
        Ok(Follower::of_new(channel, position))
    }

    /// Removes a channel that has ended, unless a new one has replaced it.
    pub fn forget(&self, key: &Key, channel: &Arc<Channel>) {
        let mut map = self.map();
        if map.get(key).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(channel))) {
            map.remove(key);
        }
    }
}
