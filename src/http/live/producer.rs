//! The producer of a channel: the task that runs its execution and serializes the results.
//!
//! The rule: until a channel has caught up, it reads only a few results more than its fastest follower has read.

use std::{
    any::Any,
    future::poll_fn,
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
};

use async_graphql::Response;
use futures_util::{FutureExt, StreamExt, stream::BoxStream};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
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
    /// The id under which it is logged.
    pub request_id: RequestId,
    /// Wakes the producer when a follower reads a result before the channel has caught up.
    pub progress: Arc<Notify>,
}

impl Producer {
    /// Runs the execution to its end.
    pub async fn run(mut self) {
        let mut first = self.stage == Stage::Reading;
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
                Ok(Some(response)) => (Answer::new(response), false),
                Ok(None) => break,
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
            channel.ring().stage = Stage::Ended;
            channel.wave().await;
        }
    }

    /// Returns the next response, or the panic of the execution.
    async fn next(&mut self) -> Result<Option<Response>, Box<dyn Any + Send>> {
        while self.stage == Stage::Reading && self.channel.upgrade().is_some_and(|channel| !channel.ring().has_room()) {
            self.progress.notified().await;
        }
        let next = poll_fn(|context| {
            let next = self.responses.poll_next_unpin(context);
            if next.is_pending() && self.position.take_caught_up() {
                self.stage = Stage::CaughtUp;
            }
            next
        });
        AssertUnwindSafe(next).catch_unwind().await
    }
}
