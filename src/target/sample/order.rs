//! The order of values that were read as texts: numbers and moments compare by value.
//!
//! The rule: a text that is not of its column's class sorts after those that are, and two different texts never
//! compare as equal.

use super::column::Class;
use crate::domain::number::Number;

const DAY: i128 = 86_400_000_000;

/// The sort key of a value.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A date, a time or a duration, in microseconds.
    Moment(i128),
    Number(Number),
    Text,
}

impl Place {
    pub(super) fn of(class: Class, text: &str) -> Self {
        let number = || Number::parse(text).map_or(Self::Text, Self::Number);
        match class {
            Class::Number => number(),
            Class::Moment => moment(text).map_or_else(number, Self::Moment),
            Class::Text | Class::Unordered | Class::Binary => Self::Text,
        }
    }
}

/// Parses a date, a time, both, or a duration, as PostgreSQL, MySQL and ISO 8601 write them. Accepts years BC, years
/// of any length, infinity and more than 24 hours.
fn moment(text: &str) -> Option<i128> {
    let text = text.trim();
    match text {
        "infinity" => return Some(i128::MAX),
        "-infinity" => return Some(i128::MIN),
        _ => {}
    }
    let (text, is_bc) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let (date, time) = text.split_once([' ', 'T']).map_or((text, None), |(date, time)| (date, Some(time)));
    if let Some(days) = days(date, is_bc) {
        return Some(i128::from(days) * DAY + time.map_or(Some(0), time_of_day)?);
    }
    time_of_day(text).or_else(|| duration(text))
}

/// Returns the number of days from 1970-01-01 to a date in the proleptic Gregorian calendar, which both databases
/// use.
fn days(date: &str, is_bc: bool) -> Option<i64> {
    let (sign, date) = date.strip_prefix('-').map_or((1, date), |date| (-1, date));
    let mut parts = date.splitn(3, '-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let year = if is_bc { 1 - year } else { sign * year };
    // Counting years from March puts the leap day at the end of the year.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Parses `[-]H:M[:S[.F]]` and subtracts a trailing offset from UTC. Returns microseconds.
fn time_of_day(text: &str) -> Option<i128> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (clock, offset) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let offset = match offset {
        Some(offset) => {
            let seconds = clock_of(&offset[1..])?;
            if offset.starts_with('-') { -seconds } else { seconds }
        }
        None => 0,
    };
    clock.contains(':').then(|| clock_of(clock))?.map(|clock| sign * clock - offset)
}

/// Parses `H[:M[:S[.F]]]`. Returns microseconds.
fn clock_of(text: &str) -> Option<i128> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let mut micros: i128 = 0;
    for (part, unit) in whole.splitn(3, ':').zip([3_600_000_000_i128, 60_000_000, 1_000_000]) {
        micros += i128::from(digits(part)?) * unit;
    }
    if fraction.is_empty() {
        return Some(micros);
    }
    let six: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
    Some(micros + i128::from(digits(&six)?))
}

/// Parses `1 year 2 mons -3 days 04:05:06`, with 30 days to a month, as PostgreSQL compares them. Returns
/// microseconds.
fn duration(text: &str) -> Option<i128> {
    let mut micros = 0;
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        let Some(unit) = words.next() else { return time_of_day(word).map(|time| micros + time) };
        let days = match unit.trim_end_matches('s') {
            "year" => 360,
            "mon" => 30,
            "day" => 1,
            _ => return None,
        };
        micros += i128::from(word.parse::<i64>().ok()?) * days * DAY;
    }
    Some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising(texts: &[&str]) {
        let places: Vec<Place> = texts.iter().map(|text| Place::of(Class::Moment, text)).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{texts:?} {places:?}");
    }

    #[test]
    fn moments_are_ordered_as_moments() {
        rising(&["-infinity", "0500-01-01 BC", "0044-03-15 BC", "0001-01-01", "1999-12-31", "20245-01-07", "infinity"]);
        rising(&["0000-00-00", "1000-01-01", "2024-02-29", "2024-03-01"]);
        rising(&[
            "0001-12-31 23:40:00+00 BC",
            "1999-01-01 00:00:00+00",
            "2024-06-01T12:00:00Z",
            "15000-12-31 23:40:00",
        ]);
        rising(&["2024-01-01T23:00:00+02:00", "2024-01-01T22:30:00Z", "2024-01-01 23:00:00.5", "2024-01-01 23:00:01"]);
        rising(&["-838:59:59", "-00:00:01", "00:00:00", "09:00", "23:59:59.5", "24:00:00", "838:59:59"]);
        rising(&["12:00:00+02", "12:00:00+00", "12:00:00-05:30"]);
        rising(&["-1 days", "02:00:00", "10 days", "3 mons", "3 mons 1 day 00:00:01", "100 years"]);
        rising(&["2024-01-01", "9", "10", "soon"]);
    }
}
