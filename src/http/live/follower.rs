//! A follower: the reader of a channel, at its own pace.

use std::{
    sync::{Arc, atomic::AtomicU64},
    task::{Context, Poll},
};

use super::{
    channel::Channel,
    ring::{Shared, Stage},
};
use crate::graphql::Ready;

/// A reader of a channel, at its own pace.
pub struct Follower {
    channel: Arc<Channel>,
    id: u64,
    /// The index of its next result, counted from the channel's beginning.
    next: u64,
    /// The same index, for the channel.
    place: Arc<AtomicU64>,
    /// The number of the event that it read last.
    after: i32,
}

/// Whether the number to begin after is known to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// A client sent it. The execution refuses a number that does not exist yet.
    Claimed,
    /// An execution has reached it.
    Reached,
}

/// What a follower reads.
pub enum Followed {
    /// The next result.
    Result(Arc<Shared>),
    /// The channel does not have its next result: the follower fell behind, or the channel has merged with another.
    Behind,
    /// The channel has ended.
    End,
}

impl Follower {
    /// Follows a new channel, whose first result comes after the event with the number `after`.
    pub fn of_new(channel: Arc<Channel>, after: i32) -> Self {
        let id = Channel::new_id();
        let place = channel.ring().enter(id, 0);
        Self { next: 0, place, after, id, channel }
    }

    /// Follows a channel from the event after number `after`, or from now on. Returns `None` if the channel has ended
    /// or no longer has the next event.
    pub fn new(channel: Arc<Channel>, after: Option<i32>, number: Number) -> Option<Self> {
        let id = Channel::new_id();
        let (next, place) = {
            let mut ring = channel.ring();
            if ring.stage.is_over() {
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
            channel.skip(&mut ring, next);
            (next, ring.enter(id, next))
        };
        Some(Self { id, next, place, after: after.unwrap_or_default(), channel })
    }

    /// Polls for the next result.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Followed> {
        let mut ring = self.channel.ring();
        let Some(at) = self.next.checked_sub(ring.first) else { return Poll::Ready(Followed::Behind) };
        let mut at = usize::try_from(at).unwrap_or(usize::MAX);
        while (self.next < ring.released || ring.stage.is_over())
            && let Some(result) = ring.kept.get(at).cloned()
        {
            (self.next, at) = (self.next + 1, at + 1);
            self.channel.advance(&mut ring, &self.place, self.next);
            // A follower that was ahead of the channel already has this event.
            if self.channel.numbered && !result.between && result.number <= self.after {
                continue;
            }
            self.after = result.number;
            return Poll::Ready(Followed::Result(result));
        }
        match ring.stage {
            Stage::Ended => return Poll::Ready(Followed::End),
            Stage::Merged => return Poll::Ready(Followed::Behind),
            Stage::Reading | Stage::CaughtUp => {}
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
        self.channel.leave(self.id);
    }
}
