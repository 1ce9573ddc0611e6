//! The times in a history: seconds since 1970, or texts with and without a time zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use rusqlite::types::Value;

/// The forms of a time without a time zone.
const FORMS: [&str; 3] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
/// The forms of a time with an offset that RFC 3339 does not have.
const WITH_OFFSET: [&str; 3] = ["%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z"];

/// Reads a time. A number counts seconds, milliseconds or microseconds since 1970, as its size tells. A text without a
/// time zone is in UTC. Returns `None` if it is no time from 1970 to 9999.
pub fn read(value: &Value) -> Option<DateTime<Utc>> {
    #[expect(clippy::cast_precision_loss, reason = "a time in seconds needs no more digits")]
    let found = match value {
        Value::Integer(number) => of_number(*number as f64),
        Value::Real(number) => of_number(*number),
        Value::Text(text) => of_text(text.trim()),
        Value::Null | Value::Blob(_) => None,
    };
    found.filter(|time| (0..253_402_300_800).contains(&time.timestamp()))
}

fn of_number(number: f64) -> Option<DateTime<Utc>> {
    let seconds = match number.abs() {
        micros if micros >= 1e14 => number / 1e6,
        millis if millis >= 1e11 => number / 1e3,
        _ => number,
    };
    if !(0.0..253_402_300_800.0).contains(&seconds) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds fits")]
    let millis = (seconds * 1e3).round() as i64;
    DateTime::UNIX_EPOCH.checked_add_signed(TimeDelta::milliseconds(millis))
}

fn of_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(number) = text.parse::<f64>() {
        return of_number(number);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Some(time) = WITH_OFFSET.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()) {
        return Some(time.to_utc());
    }
    let plain = text.trim_end_matches("UTC").trim_end_matches('Z').trim_end();
    let of_day = || NaiveDate::parse_from_str(plain, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let time = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(plain, form).ok()).or_else(of_day);
    time.map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_forms() {
        let expected = "2026-05-01T10:00:00+00:00";
        for text in [
            "1777629600",
            "1777629600.0",
            "1777629600000",
            "2026-05-01T10:00:00",
            "2026-05-01 10:00:00",
            "2026-05-01T10:00:00Z",
            "2026-05-01 10:00:00Z",
            "2026-05-01 10:00:00 UTC",
            "2026-05-01T10:00:00.000000+00:00",
            "2026-05-01T12:00:00+02:00",
            "2026-05-01 12:00:00+0200",
            "2026-05-01 12:00:00.000 +02:00",
            "2026-05-01 10:00",
        ] {
            let read = read(&Value::Text(text.to_owned())).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read.to_rfc3339(), expected, "{text}");
        }
        assert_eq!(read(&Value::Real(1_777_629_600.25)).unwrap().to_rfc3339(), "2026-05-01T10:00:00.250+00:00");
        assert_eq!(read(&Value::Integer(1_777_629_600_000_000)).unwrap().to_rfc3339(), expected);
        assert_eq!(read(&Value::Text("2026-05-01".to_owned())).unwrap().to_rfc3339(), "2026-05-01T00:00:00+00:00");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            Value::Null,
            Value::Real(f64::NAN),
            Value::Real(-1.0),
            Value::Real(1e300),
            Value::Integer(i64::MAX),
            Value::Integer(i64::MIN),
            Value::Text(String::new()),
            Value::Text("yesterday".to_owned()),
            Value::Text("2026-13-01".to_owned()),
            Value::Text("1e400".to_owned()),
            Value::Blob(vec![1]),
        ] {
            assert_eq!(read(&value), None, "{value:?}");
        }
    }
}
