//! The throttle of an LLM profile: the maximum number of concurrent requests in this process, and of requests per
//! minute.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{id::LlmProfileId, profile::LlmProfile};

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
            rate: per_minute.map(|n| RateLimiter::direct(Quota::per_minute(n))),
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
