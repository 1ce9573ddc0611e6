//! Values of arguments that several commands take.

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use crate::domain::clock::{Clock, SystemClock};

/// Reads a value of an enumeration of the API, written as `ready-for-review` or `READY_FOR_REVIEW`.
pub fn one_of(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = String> {
    let shown = names.into_iter().map(|name| {
        let plain = name.to_lowercase().replace('_', "-");
        clap::builder::PossibleValue::new(plain).alias(name)
    });
    PossibleValuesParser::new(shown).map(|name| name.to_uppercase().replace('-', "_"))
}

/// Which run is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunNumber {
    /// The one with this number.
    Is(i32),
    /// The newest one that is no answer to a question.
    Last,
}

/// Reads the number of a run: `12`, `#12` or `last`.
///
/// # Errors
/// Returns how to write it.
pub fn run_number(text: &str) -> Result<RunNumber, &'static str> {
    if text == "last" {
        return Ok(RunNumber::Last);
    }
    let number = text.strip_prefix('#').unwrap_or(text).parse().ok().filter(|number| *number > 0);
    number
        .map(RunNumber::Is)
        .ok_or("write the number of a run, 1 or more, as in 12, or last; `gloss history list` lists the runs")
}

/// Reads a whole number within limits.
pub fn whole<T>(least: T, most: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("write a whole number from {least} to {most}")),
    }
}

/// Reads a whole number without an upper limit.
pub fn at_least<T>(least: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| match text.parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!("write a whole number, {least} or more")),
    }
}

/// The value of an option that changes a setting. An empty one clears the setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<T>(pub Option<T>);

impl<T: Into<Value>> From<Setting<T>> for Value {
    /// The value for the API, for which null clears.
    fn from(setting: Setting<T>) -> Self {
        setting.0.map_or(Self::Null, Into::into)
    }
}

/// Reads a [`Setting`] whose value `read` reads.
pub fn setting<T, E>(read: impl Fn(&str) -> Result<T, E> + Clone) -> impl Fn(&str) -> Result<Setting<T>, E> + Clone {
    move |text| if text.is_empty() { Ok(Setting(None)) } else { read(text).map(|value| Setting(Some(value))) }
}

/// Reads a text, which any is.
///
/// # Errors
/// Returns none.
pub fn text(text: &str) -> Result<String, &'static str> {
    Ok(text.to_owned())
}

/// Reads `yes` or `no`.
///
/// # Errors
/// Returns how to write it.
pub fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("write yes or no"),
    }
}

/// Reads a price in United States dollars: at least 0.
///
/// # Errors
/// Returns how to write it.
pub fn price(text: &str) -> Result<f64, &'static str> {
    let price = text.strip_prefix('$').unwrap_or(text).parse().ok();
    price.filter(|price: &f64| price.is_finite() && *price >= 0.0).ok_or("write a price, 0 or more, as in 0.25")
}

/// Reads an amount of United States dollars above 0.
///
/// # Errors
/// Returns how to write it.
pub fn usd(text: &str) -> Result<f64, &'static str> {
    let amount = text.strip_prefix('$').unwrap_or(text).parse().ok();
    amount.filter(|amount: &f64| amount.is_finite() && *amount > 0.0).ok_or("write an amount above 0, as in 2.50")
}

/// Reads a sampling temperature: 0 to 2.
///
/// # Errors
/// Returns how to write it.
pub fn temperature(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|it| (0.0..=2.0).contains(it)).ok_or("write a number from 0 to 2, as in 0.7")
}

/// Reads a time to come: a time span from now (`30m`, `12h`, `90d`), or a time (RFC 3339).
///
/// # Errors
/// Returns how to write it.
pub fn moment(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let hint = "write a time span, as in 30m, 12h or 90d, or a time, as in 2027-01-31T00:00:00Z";
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    span(text).and_then(|span| SystemClock.now().trunc_subsecs(0).checked_add_signed(span)).ok_or(hint)
}

/// A time that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// This time.
    Moment(DateTime<Utc>),
    /// The beginning of this day.
    Day(NaiveDate),
}

impl Since {
    /// The time; a day begins in UTC.
    #[must_use]
    pub fn in_utc(self) -> DateTime<Utc> {
        match self {
            Self::Moment(moment) => moment,
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
        }
    }
}

/// Reads a time that has passed: a time span before now (`30m`, `12h`, `7d`), a day (`2026-11-01`), or a time (RFC
/// 3339).
///
/// # Errors
/// Returns how to write it.
pub fn since(text: &str) -> Result<Since, &'static str> {
    let hint = "write a time span, as in 12h or 7d, a day, as in 2026-11-01, or a time, as in 2026-11-01T08:00:00Z";
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(Since::Moment(moment.to_utc()));
    }
    if text.len() == "2026-11-01".len()
        && let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d")
    {
        return Ok(Since::Day(day));
    }
    let before = span(text).and_then(|span| SystemClock.now().trunc_subsecs(0).checked_sub_signed(span));
    before.map(Since::Moment).ok_or(hint)
}

/// Reads a time span above 0: `30m`, `12h`, `90d`.
fn span(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|number| *number > 0)?;
    match unit {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        _ => None,
    }
}
