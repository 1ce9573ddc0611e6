//! Rate limits.
//!
//! The rule: a client that exceeds its rate limit learns when to retry, and costs nothing else until then. A client
//! that sends invalid tokens has a much lower limit, and the log holds only some of its attempts. The local
//! administrator has no limit.

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

use super::client::Client;

/// How many invalid tokens one address may send at once.
const FAILURES: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// How long it takes until one more is allowed.
const FAILURE_EVERY: Duration = Duration::from_secs(6);
/// How many refusals of one client are logged at once, and how long it takes until one more is.
const LINES: NonZeroU32 = NonZeroU32::new(20).unwrap();
const LINE_EVERY: Duration = Duration::from_secs(10);
/// After this many requests, clients that have been idle for long are removed from the counters.
const FORGET_EVERY: u32 = 4096;

/// Counts the requests of clients. Cheap to clone.
#[derive(Clone)]
pub struct Pace(Arc<Counters>);

struct Counters {
    requests: Option<DefaultKeyedRateLimiter<Client>>,
    failures: DefaultKeyedRateLimiter<Client>,
    lines: DefaultKeyedRateLimiter<Client>,
    asked: AtomicU32,
    clock: DefaultClock,
}

impl Pace {
    /// Allows each client `requests_per_minute` requests a minute, all of which may come at once; 0 means no limit.
    #[must_use]
    pub fn new(requests_per_minute: u32) -> Self {
        let requests =
            NonZeroU32::new(requests_per_minute).map(|requests| RateLimiter::keyed(Quota::per_minute(requests)));
        let burst = |burst, every| {
            RateLimiter::keyed(Quota::with_period(every).unwrap_or(Quota::per_minute(burst)).allow_burst(burst))
        };
        let (failures, lines) = (burst(FAILURES, FAILURE_EVERY), burst(LINES, LINE_EVERY));
        let (asked, clock) = (AtomicU32::new(0), DefaultClock::default());
        Self(Arc::new(Counters { requests, failures, lines, asked, clock }))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// Returns how long to wait if the client has exceeded its limit.
    pub fn request(&self, client: &Client) -> Result<(), Duration> {
        self.forget();
        let Some(requests) = &self.0.requests else { return Ok(()) };
        requests.check_key(client).map_err(|until| until.wait_time_from(self.0.clock.now()))
    }

    /// Counts an invalid token.
    ///
    /// # Errors
    /// Returns how long to wait, as [`Pace::request`] does.
    pub fn failure(&self, client: &Client) -> Result<(), Duration> {
        self.forget();
        self.0.failures.check_key(client).map_err(|until| until.wait_time_from(self.0.clock.now()))
    }

    /// Counts a refusal, and returns whether it may be logged.
    pub fn may_tell(&self, client: &Client) -> bool {
        self.0.lines.check_key(client).is_ok()
    }

    /// Removes idle clients from the counters from time to time.
    fn forget(&self) {
        if self.0.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.0.requests.iter().for_each(DefaultKeyedRateLimiter::retain_recent);
            self.0.failures.retain_recent();
            self.0.lines.retain_recent();
        }
    }
}
