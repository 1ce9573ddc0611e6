//! How often a client may ask.
//!
//! The rule: a client that asks too often is told when to come back and costs nothing else until then; one that shows
//! tokens which nobody knows is soon not even told so. The person at this machine may ask as often as they like.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::asker::Client;

/// Tokens that nobody knows, at once from one address.
const FAILURES: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// How long until one more may fail.
const FAILURE_EVERY: Duration = Duration::from_secs(6);
/// After so many questions those are forgotten who have not asked for long.
const FORGET_EVERY: u32 = 4096;

/// Counts what clients ask. Cheap to clone.
#[derive(Clone)]
pub struct Pace(Arc<Counters>);

struct Counters {
    requests: Option<DefaultKeyedRateLimiter<Client>>,
    failures: DefaultKeyedRateLimiter<Client>,
    asked: AtomicU32,
    clock: DefaultClock,
}

impl Pace {
    /// So many requests a minute, of which all may come at once; 0 for no limit.
    #[must_use]
    pub fn new(requests_per_minute: u32) -> Self {
        let requests =
            NonZeroU32::new(requests_per_minute).map(|requests| RateLimiter::keyed(Quota::per_minute(requests)));
        let failures = Quota::with_period(FAILURE_EVERY).unwrap_or(Quota::per_minute(FAILURES)).allow_burst(FAILURES);
        let failures = RateLimiter::keyed(failures);
        Self(Arc::new(Counters { requests, failures, asked: AtomicU32::new(0), clock: DefaultClock::default() }))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, where it is one too many.
    pub fn request(&self, client: &Client) -> Result<(), Duration> {
        let Some(requests) = &self.0.requests else { return Ok(()) };
        if self.0.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            requests.retain_recent();
            self.0.failures.retain_recent();
        }
        requests.check_key(client).map_err(|until| until.wait_time_from(self.0.clock.now()))
    }

    /// Counts a token that nobody knows.
    ///
    /// # Errors
    /// As [`Pace::request`].
    pub fn failure(&self, client: &Client) -> Result<(), Duration> {
        self.0.failures.check_key(client).map_err(|until| until.wait_time_from(self.0.clock.now()))
    }
}
