//! The throttle of an LLM profile: the maximum number of concurrent requests in this process, and of requests in any 60
//! seconds by all processes that share the store.
//!
//! The rule: a window of 60 seconds never has more requests than the limit, whenever it begins. A limiter that permits
//! a whole minute's requests at once would permit almost twice as many in the first minute. Where several processes
//! share the store, it keeps the pace for all; while it cannot be reached, requests wait.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    domain::{id::LlmProfileId, profile::LlmProfile},
    port::store::Store,
};

/// The share of a minute's requests that may be sent at once, as a divisor.
const BURST: u32 = 10;

/// Wait before the store is asked for a place again, after an error.
const STORE_WAIT: Duration = Duration::from_secs(1);

/// The pace of requests: one each period, after a burst.
#[derive(Debug, Clone, Copy)]
struct Pace {
    period: Duration,
    burst: NonZeroU32,
}

impl Pace {
    /// Returns the pace of at most `n` requests in any 60 seconds: some at once, the others evenly.
    fn of(n: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(n.get() / BURST).unwrap_or(NonZeroU32::MIN);
        Self { period: Duration::from_mins(1) / (n.get() - burst.get() + 1), burst }
    }

    fn quota(self) -> Option<Quota> {
        Some(Quota::with_period(self.period)?.allow_burst(self.burst))
    }
}

/// The throttle of one profile.
pub struct Throttle {
    concurrency: i32,
    requests_per_minute: Option<i32>,
    slots: Arc<Semaphore>,
    profile: LlmProfileId,
    rate: Option<(Pace, DefaultDirectRateLimiter)>,
}

impl Throttle {
    fn new(profile: LlmProfileId, concurrency: i32, requests_per_minute: Option<i32>) -> Self {
        let slots = usize::try_from(concurrency).unwrap_or(1).max(1);
        let per_minute = requests_per_minute.and_then(|n| u32::try_from(n).ok()).and_then(NonZeroU32::new);
        let limited = |pace: Pace| Some((pace, RateLimiter::direct(pace.quota()?)));
        Self {
            concurrency,
            requests_per_minute,
            slots: Arc::new(Semaphore::new(slots)),
            profile,
            rate: per_minute.map(Pace::of).and_then(limited),
        }
    }

    /// Returns the maximum number of concurrent requests.
    pub fn width(&self) -> usize {
        usize::try_from(self.concurrency).unwrap_or(1).max(1)
    }

    /// Waits until another request may be sent. The request counts as in progress until the permit is dropped.
    pub async fn enter(&self, store: &dyn Store) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        let Some((pace, rate)) = &self.rate else { return permit };
        loop {
            match store.take_place(self.profile, pace.period, pace.burst.get()).await {
                Ok(Some(wait)) => tokio::time::sleep(wait).await,
                Ok(None) => rate.until_ready().await,
                Err(error) => {
                    tracing::debug!(%error, "the pace of requests is unknown; a request waits");
                    tokio::time::sleep(STORE_WAIT).await;
                    continue;
                }
            }
            return permit;
        }
    }
}

/// The throttles of this process. All runs with the same profile share one.
#[derive(Default)]
pub struct Throttles {
    throttles: Mutex<HashMap<LlmProfileId, Arc<Throttle>>>,
}

impl Throttles {
    /// Returns the throttle of a profile. Creates a new one if the profile's limits have changed.
    pub fn of(&self, profile: &LlmProfile) -> Arc<Throttle> {
        let (concurrency, per_minute) = (profile.settings.concurrency, profile.settings.requests_per_minute);
        let mut throttles = self.throttles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(throttle) = throttles.get(&profile.id)
            && throttle.concurrency == concurrency
            && throttle.requests_per_minute == per_minute
        {
            return Arc::clone(throttle);
        }
        let throttle = Arc::new(Throttle::new(profile.id, concurrency, per_minute));
        throttles.insert(profile.id, Arc::clone(&throttle));
        throttle
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn no_window_of_a_minute_has_more_requests_than_the_limit() {
        for n in [1, 2, 3, 10, 60, 599, 6_000] {
            let clock = FakeRelativeClock::default();
            let pace = Pace::of(NonZeroU32::new(n).unwrap());
            let limiter = RateLimiter::direct_with_clock(pace.quota().unwrap(), clock.clone());
            let step = Duration::from_millis(u64::from((6_000 / n).max(1)));
            let (mut now, mut window, mut sent) = (Duration::ZERO, VecDeque::new(), 0_u32);
            while now < Duration::from_mins(5) {
                while limiter.check().is_ok() {
                    window.push_back(now);
                    sent += 1;
                }
                while window.front().is_some_and(|first| now >= *first + Duration::from_mins(1)) {
                    window.pop_front();
                }
                assert!(window.len() <= n as usize, "{} requests of {n} at {now:?}", window.len());
                clock.advance(step);
                now += step;
            }
            assert!(sent >= 4 * n, "{sent} requests of {n} a minute in 5 minutes");
        }
    }
}
