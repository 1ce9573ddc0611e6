//! The producer of a channel: the task that runs its execution and serializes the results.
//!
//! The rules:
//!
//! - A channel reads only a few results more than its fastest follower has read. If its events have no numbers, that
//!   holds only until it has caught up: a follower could not continue later, and the present does not wait.
//! - A channel whose events have numbers keeps its followers together: before it evicts results that some have not
//!   read, it waits for them, up to [`PATIENCE`]. Otherwise a crowd that reads a little too slowly would fall apart
//!   into executions of its own, which make everybody slower. A follower that needs longer is left behind, once.

use std::{
    any::Any,
    future::poll_fn,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
    task::Poll,
    time::Duration,
};

use async_graphql::Response;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    channel::Channel,
    channels::Channels,
    key::Key,
    ring::{CAPACITY, CAPACITY_BYTES, Shared, Stage},
};
use crate::{
    graphql::Position,
    http::{
        answer::{Answer, log_panic},
        request_id::RequestId,
    },
};

/// The longest wait for followers that have not read what is to be evicted.
const PATIENCE: Duration = Duration::from_millis(200);

/// The producer of a channel.
pub struct Producer {
    /// The channel; nobody follows it any more once it is gone.
    pub channel: Weak<Channel>,
    /// The open channels, which its channel leaves at the end.
    pub channels: Channels,
    /// The key of its channel.
    pub key: Key,
    /// The progress of the execution.
    pub stage: Stage,
    /// The execution.
    pub responses: BoxStream<'static, Response>,
    /// The number of its newest event.
    pub position: Arc<Position>,
    /// Whether its events have numbers.
    pub numbered: bool,
    /// The id under which it is logged.
    pub request_id: RequestId,
    /// Wakes the producer when the fastest follower has read another result, or the last laggard has read on.
    pub progress: Arc<Notify>,
    /// When the wait for laggards ends, during such a wait.
    pub patience_ends: Option<Instant>,
}

impl Producer {
    /// Runs the execution to its end.
    pub async fn run(mut self) {
        let mut first = self.stage == Stage::Reading;
        let mut end = Stage::Ended;
        // When the next wave may begin, and how many results and bytes wait for it.
        let (mut next_wave, mut unreleased, mut unreleased_bytes) = (Instant::now(), 0, 0);
        loop {
            let result = tokio::select! {
                biased;
                () = sleep_until(next_wave), if unreleased > 0 => {
                    let Some(channel) = self.channel.upgrade() else { return };
                    (next_wave, unreleased, unreleased_bytes) = (channel.wave().await, 0, 0);
                    continue;
                }
                result = self.next() => result,
            };
            let Some(channel) = self.channel.upgrade() else { return };
            let (answer, failed) = match result {
                Ok(Next::Response(response)) => (Answer::new(*response), false),
                Ok(Next::End) => break,
                Ok(Next::Merge) => {
                    end = Stage::Merged;
                    break;
                }
                Err(panic) => {
                    log_panic(&*panic, &self.request_id);
                    (Answer::internal(&self.request_id), true)
                }
            };
            let refused = (std::mem::take(&mut first) && answer.refused).then(|| answer.errors());
            let last = failed || refused.is_some();
            let json = answer.to_json();
            (unreleased, unreleased_bytes) = (unreleased + 1, unreleased_bytes + json.len());
            let stage = if last { Stage::Ended } else { self.stage };
            channel.push(stage, Shared { number: self.position.number(), between: false, json, failed, refused });
            if last {
                break;
            }
            // Calls `wave` directly when no pause is needed, because a timer fires up to a millisecond late. A wave
            // also begins early, before unreleased results would be evicted.
            if Instant::now() >= next_wave || unreleased > CAPACITY / 2 || unreleased_bytes > CAPACITY_BYTES / 2 {
                (next_wave, unreleased, unreleased_bytes) = (channel.wave().await, 0, 0);
            }
        }
        if let Some(channel) = self.channel.upgrade() {
            self.channels.forget(&self.key, &channel);
            channel.ring().stage = end;
            channel.wave().await;
        }
    }

    /// Returns the next response, or the panic of the execution.
    async fn next(&mut self) -> Result<Next, Box<dyn Any + Send>> {
        let waits = self.numbered || self.stage == Stage::Reading;
        while waits && self.channel.upgrade().is_some_and(|channel| !channel.ring().has_room()) {
            self.progress.notified().await;
        }
        while self.numbered && self.channel.upgrade().is_some_and(|channel| channel.ring().laggards() > 0) {
            // A wave may interrupt this wait, which then goes on.
            let end = *self.patience_ends.get_or_insert_with(|| Instant::now() + PATIENCE);
            if timeout_at(end, self.progress.notified()).await.is_err()
                && let Some(channel) = self.channel.upgrade()
            {
                channel.ring().leave_behind();
            }
        }
        self.patience_ends = None;
        let next = poll_fn(|context| match self.responses.poll_next_unpin(context) {
            Poll::Ready(Some(response)) => Poll::Ready(Next::Response(Box::new(response))),
            Poll::Ready(None) => Poll::Ready(Next::End),
            Poll::Pending => {
                if self.position.take_caught_up() {
                    self.stage = Stage::CaughtUp;
                    if let Some(channel) = self.channel.upgrade() {
                        channel.ring().stage = Stage::CaughtUp;
                    }
                    if self.numbered && self.channels.has_another(&self.key, &self.channel, self.position.number()) {
                        return Poll::Ready(Next::Merge);
                    }
                }
                Poll::Pending
            }
        });
        AssertUnwindSafe(next).catch_unwind().await
    }
}

/// What the execution does next.
enum Next {
    Response(Box<Response>),
    End,
    /// It is at the present, as an older channel of its key is: one of them is enough.
    Merge,
}
