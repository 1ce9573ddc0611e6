//! The gate before a model: how many requests of one LLM profile are under way at once in this process, and
//! how many may be sent in a minute.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{id::LlmProfileId, profile::LlmProfile};

/// The gate of one profile.
pub struct Gate {
    concurrency: i32,
    requests_per_minute: Option<i32>,
    slots: Arc<Semaphore>,
    rate: Option<DefaultDirectRateLimiter>,
}

impl Gate {
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

    /// How many requests may be under way at once.
    pub fn width(&self) -> usize {
        usize::try_from(self.concurrency).unwrap_or(1).max(1)
    }

    /// Waits until one more request may be sent; it is under way until the permit is dropped.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        if let Some(rate) = &self.rate {
            rate.until_ready().await;
        }
        permit
    }
}

/// The gates of this process: all runs with one profile share one.
#[derive(Default)]
pub struct Gates {
    gates: Mutex<HashMap<LlmProfileId, Arc<Gate>>>,
}

impl Gates {
    /// The gate of a profile; a new one where its limits have changed.
    pub fn of(&self, profile: &LlmProfile) -> Arc<Gate> {
        let (concurrency, per_minute) = (profile.settings.concurrency, profile.settings.requests_per_minute);
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&profile.id)
            && gate.concurrency == concurrency
            && gate.requests_per_minute == per_minute
        {
            return Arc::clone(gate);
        }
        let gate = Arc::new(Gate::new(concurrency, per_minute));
        gates.insert(profile.id, Arc::clone(&gate));
        gate
    }
}
