//! The throttle of an LLM profile: the maximum number of concurrent requests in this process, and of requests in any 60
//! seconds.
//!
//! The rule: a window of 60 seconds never has more requests than the limit, whenever it begins. A limiter that permits
//! a whole minute's requests at once would permit almost twice as many in the first minute.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{id::LlmProfileId, profile::LlmProfile};

/// The share of a minute's requests that may be sent at once, as a divisor.
const BURST: u32 = 10;

/// Returns the quota that permits at most `n` requests in any 60 seconds: some at once, the others evenly.
fn quota(n: NonZeroU32) -> Option<Quota> {
    let burst = NonZeroU32::new(n.get() / BURST).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_mins(1) / (n.get() - burst.get() + 1);
    Some(Quota::with_period(period)?.allow_burst(burst))
}

/// The throttle of one profile.
pub struct Throttle {
    concurrency: i32,
    requests_per_minute: Option<i32>,
    slots: Arc<Semaphore>,
    rate: Option<DefaultDirectRateLimiter>,
}

impl Throttle {
    fn new(concurrency: i32, requests_per_minute: Option<i32>) -> Self {
        let slots = usize::try_from(concurrency).unwrap_or(1).max(1);
        let per_minute = requests_per_minute.and_then(|n| u32::try_from(n).ok()).and_then(NonZeroU32::new);
        Self {
            concurrency,
            requests_per_minute,
            slots: Arc::new(Semaphore::new(slots)),
            rate: per_minute.and_then(quota).map(RateLimiter::direct),
        }
    }

    /// Returns the maximum number of concurrent requests.
    pub fn width(&self) -> usize {
        usize::try_from(self.concurrency).unwrap_or(1).max(1)
    }

    /// Waits until another request may be sent. The request counts as in progress until the permit is dropped.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        if let Some(rate) = &self.rate {
            rate.until_ready().await;
        }
        permit
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
        let throttle = Arc::new(Throttle::new(concurrency, per_minute));
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
            let limiter = RateLimiter::direct_with_clock(quota(NonZeroU32::new(n).unwrap()).unwrap(), clock.clone());
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
