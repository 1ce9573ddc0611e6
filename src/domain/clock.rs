//! The source of the current time, which tests can replace.

use chrono::{DateTime, SubsecRound, Utc};

/// A point in time in UTC. Recorded moments are truncated to milliseconds, so that they read back unchanged.
pub type Moment = DateTime<Utc>;

/// A source of the current time. The program uses [`SystemClock`]; tests may supply their own.
pub trait Clock: Send + Sync + 'static {
    /// The current time in UTC, truncated to milliseconds.
    fn now(&self) -> Moment;
}

/// The operating system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Moment {
        Utc::now().trunc_subsecs(3)
    }
}
