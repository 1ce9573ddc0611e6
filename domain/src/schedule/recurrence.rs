//! The times at which a cron expression fires in a time zone.
//!
//! The rule: an expression that restricts the hours fires once at each matching wall-clock time. If the clock skips
//! that time, it fires at the end of the skipped span; if the clock shows it twice, it fires the first time. An
//! expression for every hour (`*/15 * * * *`) keeps its interval instead: it fires whenever the clock shows a matching
//! time, so it does not make up for a skipped hour and fires in both occurrences of a repeated one. The library decides
//! which wall-clock times match.

use std::fmt;

use chrono::{LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

use super::fields;
use crate::{Error, Result, clock::Moment};

/// Maximum length of an expression, in characters.
const MAX_LENGTH: usize = 200;
/// Maximum number of characters of an unknown zone's name that an error repeats.
const SHOWN: usize = 50;
/// The longest span that a clock skips, in minutes: time zones have skipped whole days.
const MAX_SKIPPED_MINUTES: i64 = 2 * 24 * 60;

/// A cron expression in a time zone.
#[derive(Clone)]
pub struct Recurrence {
    cron: Cron,
    zone: Tz,
}

impl fmt::Debug for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.cron.pattern.as_str(), self.zone)
    }
}

/// Looks up a time zone by its IANA name. `argument` is the path of the name.
///
/// # Errors
/// Returns `BadInput` if the IANA database has no zone of this name.
pub fn time_zone(name: &str, argument: &str) -> Result<Tz> {
    name.parse().map_err(|_| {
        let similar = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name.trim()));
        let advice = similar.map_or_else(
            || "use an IANA name, as in `Europe/Berlin` or `UTC`".to_owned(),
            |zone| format!("write it as `{}`", zone.name()),
        );
        let shown: String = name.chars().take(SHOWN).collect();
        Error::bad_input(argument, format!("there is no time zone {shown:?}; {advice}"))
    })
}

impl Recurrence {
    /// Parses an expression. `argument` is its path.
    ///
    /// # Errors
    /// Returns `BadInput` with the reason if the text is neither a cron expression of five fields nor a shorthand.
    pub fn parse(expression: &str, zone: Tz, argument: &str) -> Result<Self> {
        let bad = |message: String| Error::bad_input(argument, message);
        if expression.chars().count() > MAX_LENGTH {
            return Err(bad(format!("the cron expression has more than {MAX_LENGTH} characters; write a shorter one")));
        }
        let read = fields::read(expression).map_err(|reason| bad(format!("{expression:?} {reason}")))?;
        // As in Vixie cron: if both fields for days are restricted, either one matches, unless one begins with a star.
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed);
        let cron = parser.dom_and_dow(fields::both_days(&read)).build().parse(&read).map_err(|_| {
            bad(format!(
                "{expression:?} is not a cron expression: one of its days cannot be read; write minute, hour, day of \
                 month, month, day of week, as in `30 2 * * MON-FRI`"
            ))
        })?;
        Ok(Self { cron, zone })
    }

    /// The next firing after `after`; `None` if there is none.
    #[must_use]
    pub fn next_after(&self, after: Moment) -> Option<Moment> {
        if self.names_hours() { self.next_named(after) } else { self.next_paced(after) }
    }

    /// Returns whether the expression restricts the hours. Otherwise it fires in every hour of its days.
    fn names_hours(&self) -> bool {
        self.cron.pattern.hours.values().len() < 24
    }

    fn next_named(&self, after: Moment) -> Option<Moment> {
        // Moments are in the order of wall-clock times, so every time that the clock showed up to `after` has fired.
        let mut wall = after.with_timezone(&self.zone).naive_local();
        loop {
            wall = self.cron.find_next_occurrence(&wall, false).ok()?;
            let moment = self.moment_of(wall)?;
            if moment > after {
                return Some(moment);
            }
        }
    }

    fn next_paced(&self, after: Moment) -> Option<Moment> {
        let next = self.cron.find_next_occurrence(&after.with_timezone(&self.zone), false).ok()?;
        Some(next.with_timezone(&Utc))
    }

    /// The moment at which a wall-clock time fires.
    fn moment_of(&self, wall: NaiveDateTime) -> Option<Moment> {
        let shown = match self.zone.from_local_datetime(&wall) {
            LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Some(moment),
            LocalResult::None => (1..=MAX_SKIPPED_MINUTES)
                .find_map(|minutes| self.zone.from_local_datetime(&(wall + TimeDelta::minutes(minutes))).earliest()),
        };
        shown.map(|moment| moment.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the next firings as wall-clock times with their UTC offsets.
    fn firings(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let zone = time_zone(zone, "input.timeZone").unwrap();
        let recurrence = Recurrence::parse(expression, zone, "input.cron").unwrap();
        let mut moment: Moment = after.parse().unwrap();
        let mut next = || {
            moment = recurrence.next_after(moment).unwrap();
            moment.with_timezone(&zone).format("%m-%d %H:%M %z").to_string()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_skipped_hour_fires_once_at_its_end() {
        // Berlin's clocks go from 02:00 to 03:00 on 28 March 2027.
        let night = "2027-03-27T12:00:00Z";
        for expression in ["30 2 * * *", "0,30 2 * * *", "*/15 2 * * *", "0 2,3 * * *", "59 2 * * *"] {
            let firings = firings(expression, "Europe/Berlin", night, 1);
            assert_eq!(firings, ["03-28 03:00 +0200"], "{expression}");
        }
        assert_eq!(
            firings("30 */2 * * *", "Europe/Berlin", "2027-03-27T23:00:00Z", 3),
            ["03-28 00:30 +0100", "03-28 03:00 +0200", "03-28 04:30 +0200"]
        );
        assert_eq!(
            firings("0 2,3 * * *", "Europe/Berlin", night, 2),
            ["03-28 03:00 +0200", "03-29 02:00 +0200"],
            "the end of the skipped hour and an hour of its own are one moment"
        );
        // Skipped: half an hour in Lord Howe, midnight in Santiago, all of 30 December 2011 in Samoa.
        assert_eq!(firings("10 2 * * *", "Australia/Lord_Howe", "2027-10-02T12:00:00Z", 1), ["10-03 02:30 +1100"]);
        assert_eq!(firings("0 0 * * *", "America/Santiago", "2027-09-04T12:00:00Z", 1), ["09-05 01:00 -0300"]);
        assert_eq!(firings("0 12 30 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z", 1), ["12-31 00:00 +1400"]);
    }

    #[test]
    fn a_doubled_hour_fires_once_at_its_first_time() {
        // Berlin's clocks show 02:00 to 03:00 twice on 31 October 2027.
        let night = "2027-10-30T12:00:00Z";
        assert_eq!(firings("30 2 * * *", "Europe/Berlin", night, 2), ["10-31 02:30 +0200", "11-01 02:30 +0100"]);
        assert_eq!(
            firings("*/30 2 * * *", "Europe/Berlin", night, 3),
            ["10-31 02:00 +0200", "10-31 02:30 +0200", "11-01 02:00 +0100"]
        );
        assert_eq!(
            firings("0 2,3 * * *", "Europe/Berlin", night, 3),
            ["10-31 02:00 +0200", "10-31 03:00 +0100", "11-01 02:00 +0100"]
        );
        // In the middle of the second occurrence, the firing has passed.
        assert_eq!(firings("45 2 * * *", "Europe/Berlin", "2027-10-31T01:10:00Z", 1), ["11-01 02:45 +0100"]);
    }

    #[test]
    fn a_job_of_every_hour_keeps_its_pace() {
        for (night, hours) in [("2027-03-27T12:00:00Z", 36), ("2027-10-30T12:00:00Z", 36)] {
            let zone = time_zone("Europe/Berlin", "z").unwrap();
            let recurrence = Recurrence::parse("*/15 * * * *", zone, "c").unwrap();
            let mut moment: Moment = night.parse().unwrap();
            for _ in 0..hours * 4 {
                let next = recurrence.next_after(moment).unwrap();
                assert_eq!(next - moment, TimeDelta::minutes(15), "after {moment}");
                moment = next;
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_with_advice() {
        let refusal = |expression: &str| {
            let error = Recurrence::parse(expression, Tz::UTC, "input.cron").unwrap_err();
            assert!(matches!(&error, Error::BadInput { argument, .. } if argument == "input.cron"), "{error:?}");
            error.to_string()
        };
        for (expression, says) in [
            ("", "has 0 fields"),
            ("daily", "has 1 field;"),
            ("@reboot", "write @hourly, @daily"),
            ("0 0 3 * * *", "has 6 fields"),
            ("0 0 3 * * * 2027", "has 7 fields"),
            (", * * * *", "next to a comma"),
            ("1,,2 * * * *", "next to a comma"),
            ("60 * * * *", "the minute 60 is out of range; it must be from 0 to 59"),
            ("* 24 * * *", "the hour 24 is out of range; it must be from 0 to 23"),
            ("* * 0 * *", "the day of the month 0 is out of range; it must be from 1 to 31"),
            ("*/0 * * * *", "the step \"0\" of the minute is out of range; it must be from 1 to 59"),
            ("a b c d e", "\"A\" is not a valid minute; write a number from 0 to 59"),
            ("* * * 13 *", "the month 13 is out of range; it must be from 1 to 12"),
            ("* * * * 8", "the day of the week 8 is out of range; it must be from 0 to 7"),
            (
                "* * * * FUN",
                "\"FUN\" is not a valid day of the week; write a number from 0 to 7, or a name from SUN to SAT",
            ),
            ("MON * * * *", "\"MON\" is not a valid minute"),
            ("* * * MONDAY *", "a name from JAN to DEC"),
            ("5/15 * * * *", "the minute 5/15 has a step without a range; write 5-59/15"),
            ("30-10 * * * *", "the minute 30-10 goes backwards"),
            ("99999999999 * * * *", "out of range"),
            ("-5 * * * *", "is not a valid minute"),
            ("٥ * * * *", "is not a valid minute"),
            ("* * 32W * *", "one of its days cannot be read"),
            ("* * * * 9#1", "one of its days cannot be read"),
            (&"1,".repeat(150), "characters"),
        ] {
            assert!(refusal(expression).contains(says), "{expression}: {}", refusal(expression));
        }
        let zone = |name: &str| time_zone(name, "input.timeZone").unwrap_err().to_string();
        assert!(zone("Mars/Olympus").contains("IANA"), "{}", zone("Mars/Olympus"));
        assert!(zone("europe/berlin").contains("`Europe/Berlin`"), "{}", zone("europe/berlin"));
        assert_eq!(Recurrence::parse("0 0 30 2 *", Tz::UTC, "c").unwrap().next_after(Moment::UNIX_EPOCH), None);
    }

    #[test]
    fn shorthands_and_names_are_read() {
        let next = |expression: &str| firings(expression, "UTC", "2027-05-05T10:20:00Z", 2);
        assert_eq!(next("@hourly"), ["05-05 11:00 +0000", "05-05 12:00 +0000"]);
        assert_eq!(next("@daily"), ["05-06 00:00 +0000", "05-07 00:00 +0000"]);
        assert_eq!(next(" @Midnight "), next("@daily"));
        assert_eq!(next("@weekly"), ["05-09 00:00 +0000", "05-16 00:00 +0000"]);
        assert_eq!(next("@monthly"), ["06-01 00:00 +0000", "07-01 00:00 +0000"]);
        assert_eq!(next("@yearly"), ["01-01 00:00 +0000", "01-01 00:00 +0000"]);
        assert_eq!(next("@annually"), next("@yearly"));
        assert_eq!(next("0 0 * jun,Aug sat"), ["06-05 00:00 +0000", "06-12 00:00 +0000"]);
        assert_eq!(next("0 0 * * FRI-SUN"), ["05-07 00:00 +0000", "05-08 00:00 +0000"]);
        assert_eq!(next("0 0 * * 5-7"), next("0 0 * * FRI-SUN"));
        assert_eq!(next("0 0 * * 7"), next("0 0 * * SUN"));
    }

    /// 2027-05-05 is a Wednesday.
    #[test]
    fn two_fields_of_days_are_joined_as_vixie_cron_does() {
        let next = |expression: &str| {
            let all = firings(expression, "UTC", "2027-05-05T10:20:00Z", 4);
            all.into_iter().map(|firing| firing[..5].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(next("0 0 13 * FRI"), ["05-07", "05-13", "05-14", "05-21"], "either");
        assert_eq!(next("0 0 */2 * MON"), ["05-17", "05-31", "06-07", "06-21"], "both");
        assert_eq!(next("0 0 10 * */2"), ["06-10", "07-10", "08-10", "10-10"], "both");
        assert_eq!(next("0 0 * * MON"), ["05-10", "05-17", "05-24", "05-31"]);
        assert_eq!(next("0 0 1-31/2 * MON"), ["05-07", "05-09", "05-10", "05-11"], "either: it begins with a number");
        assert_eq!(next("0 0 */2 * *"), ["05-07", "05-09", "05-11", "05-13"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]

        /// Whichever wall-clock times the library matches, firings move forward and match what the clock shows.
        #[test]
        fn firings_go_forward(
            minute in "([0-9]|[1-5][0-9]|\\*|\\*/[1-9]|[0-9],3[0-9])",
            hour in "([0-9]|1[0-9]|\\*|\\*/[1-6]|0-[1-5])",
            zone in proptest::sample::select(vec!["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC"]),
            start in 1_790_000_000_i64..1_830_000_000,
        ) {
            let zone = time_zone(zone, "z").unwrap();
            let recurrence = Recurrence::parse(&format!("{minute} {hour} * * *"), zone, "c").unwrap();
            let mut moment = Moment::from_timestamp(start, 0).unwrap();
            for _ in 0..300 {
                let next = recurrence.next_after(moment).unwrap();
                proptest::prop_assert!(next > moment, "{recurrence:?} after {moment}");
                proptest::prop_assert!(next - moment < TimeDelta::hours(26), "{recurrence:?} after {moment}: {next}");
                // No firing lies in between that a later query would find.
                let middle = moment + (next - moment) / 2;
                proptest::prop_assert_eq!(recurrence.next_after(middle), Some(next));
                moment = next;
            }
        }
    }
}
