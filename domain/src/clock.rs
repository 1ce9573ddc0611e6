//! The source of the current time, which tests can replace.

use std::io::Write as _;

use chrono::{DateTime, Datelike, SubsecRound, Timelike, Utc};

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

/// Writes a moment as `DateTime::to_rfc3339` does, without a text in between. Returns `None` beyond the year 9999.
pub fn write_rfc3339(out: &mut Vec<u8>, milliseconds: i64) -> Option<()> {
    let moment = DateTime::from_timestamp_millis(milliseconds)?;
    let year = u32::try_from(moment.year()).ok().filter(|year| *year <= 9999)?;
    let mut digits = |number: u32, width: u32, end: &[u8]| {
        for place in (0..width).rev() {
            out.push(b'0' + u8::try_from(number / 10_u32.pow(place) % 10).unwrap_or_default());
        }
        out.extend_from_slice(end);
    };
    digits(year, 4, b"-");
    digits(moment.month(), 2, b"-");
    digits(moment.day(), 2, b"T");
    digits(moment.hour(), 2, b":");
    digits(moment.minute(), 2, b":");
    digits(moment.second(), 2, b"");
    match moment.timestamp_subsec_millis() {
        0 => {}
        millis => {
            out.push(b'.');
            write!(out, "{millis:03}").ok()?;
        }
    }
    out.extend_from_slice(b"+00:00");
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn moments_are_written_as_chrono_does(milliseconds in -62_167_219_200_000_i64..253_402_300_800_000) {
            for milliseconds in [milliseconds, milliseconds / 1_000 * 1_000] {
                let mut out = Vec::new();
                write_rfc3339(&mut out, milliseconds).unwrap();
                let chrono = DateTime::from_timestamp_millis(milliseconds).unwrap().to_rfc3339();
                prop_assert_eq!(String::from_utf8(out).unwrap(), chrono);
            }
        }
    }
}
