//! Where time comes from, so that a test can own it.

use chrono::{DateTime, SubsecRound, Utc};

/// A moment in UTC; what is recorded is cut to milliseconds, so that it reads back as it was written.
pub type Moment = DateTime<Utc>;

/// Tells the time. The program uses [`SystemClock`]; a test may bring its own.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC, cut to milliseconds.
    fn now(&self) -> Moment;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Utc::now().trunc_subsecs(3)
    }
}
