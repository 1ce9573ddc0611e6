//! What a command prints: results on standard output, notes about its work on standard error.
//!
//! The rule: every text from a store, server or database passes through [`visible`], so that it cannot control the
//! terminal. Colours appear only on a terminal, and never with `NO_COLOR`. A reader that closes the pipe, such
//! as `head`, ends the command with success.

use std::io::{ErrorKind, IsTerminal, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use console::{StyledObject, style};
use serde_json::Value;

use super::exit::Exit;
use crate::domain::{
    clock::{Clock, SystemClock},
    text::{visible, visible_lines},
};

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Text for people.
    Text,
    /// JSON: one document, or one line for each event of a stream.
    Json,
}

impl Output {
    /// Returns whether results are JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Writes a text to standard output.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(Exit::Success.number().into());
        }
        note(&format!("gloss: cannot write to standard output: {error}"));
        std::process::exit(Exit::Failure.number().into());
    }
}

/// Writes a line to standard output.
pub fn line(text: &str) {
    print(&format!("{text}\n"));
}

/// Writes a JSON document to standard output.
pub fn document(value: &Value) {
    line(&format!("{value:#}"));
}

/// Writes a line about the command's work to standard error.
pub fn note(text: &str) {
    // If standard error is closed, nobody reads the note.
    let _unread = writeln!(std::io::stderr().lock(), "{text}");
}

/// Returns whether a person can answer a question: standard input and standard error are a terminal.
#[must_use]
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// How a text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Not at all.
    Plain,
    /// Something ended well.
    Good,
    /// Something is under way or waits for a person.
    Busy,
    /// Something failed.
    Bad,
    /// Something minor.
    Faint,
}

impl Tone {
    /// Colours a text for standard output.
    pub fn paint(self, text: &str) -> StyledObject<&str> {
        let text = style(text);
        match self {
            Self::Plain => text,
            Self::Good => text.green(),
            Self::Busy => text.yellow(),
            Self::Bad => text.red(),
            Self::Faint => text.dim(),
        }
    }

    /// The tone of a run's status.
    #[must_use]
    pub fn of_status(status: &str) -> Self {
        match status {
            "SUCCESS" => Self::Good,
            "READY_FOR_REVIEW" | "RUNNING" | "APPLYING" | "CANCELLING" => Self::Busy,
            "FAILED" | "PAUSED" => Self::Bad,
            "CANCELLED" | "QUEUED" => Self::Faint,
            _ => Self::Plain,
        }
    }
}

/// The text of a JSON value for a cell; `-` for null.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => visible(text).into_owned(),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A text of several lines, safe to print.
#[must_use]
pub fn lines(value: &Value) -> String {
    visible_lines(value.as_str().unwrap_or_default()).into_owned()
}

/// A value of an enumeration in words: `READY_FOR_REVIEW` as `ready for review`.
#[must_use]
pub fn words(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_lowercase().replace('_', " ")
}

/// A number of seconds: `7.3 s`, `4 min 05 s`, `2 h 03 min`; `-` for null.
#[must_use]
pub fn seconds(value: &Value) -> String {
    let Some(seconds) = value.as_f64() else { return "-".to_owned() };
    if seconds < 59.95 {
        let digits = usize::from(seconds.fract() != 0.0);
        return format!("{seconds:.digits$} s");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "durations are positive and small")]
    let whole = seconds.round() as u64;
    match whole / 3600 {
        0 => format!("{} min {:02} s", whole / 60, whole % 60),
        hours => format!("{hours} h {:02} min", whole / 60 % 60),
    }
}

/// An amount of money: `$0.0123`, `$12.30`; `unknown` for null.
#[must_use]
pub fn dollars(value: &Value) -> String {
    match value.as_f64() {
        None => "unknown".to_owned(),
        Some(amount) if amount != 0.0 && amount.abs() < 1.0 => format!("${amount:.4}"),
        Some(amount) => format!("${amount:.2}"),
    }
}

/// A share as a percentage: `87 %`.
#[must_use]
pub fn percent(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// A time: how long ago on a terminal, RFC 3339 to the second elsewhere; `-` for null.
#[must_use]
pub fn time(value: &Value) -> String {
    let moment = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    match moment {
        Some(moment) if std::io::stdout().is_terminal() => ago(moment.to_utc(), SystemClock.now()),
        Some(moment) => moment.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true),
        None => text(value),
    }
}

fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds();
    match seconds {
        ..0 => then.format("%Y-%m-%d %H:%M").to_string(),
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_like_words() {
        let cases = [
            (seconds(&json!(7.26)), "7.3 s"),
            (seconds(&json!(7)), "7 s"),
            (seconds(&json!(59.99)), "1 min 00 s"),
            (seconds(&json!(245)), "4 min 05 s"),
            (seconds(&json!(7_380)), "2 h 03 min"),
            (seconds(&Value::Null), "-"),
            (dollars(&json!(0)), "$0.00"),
            (dollars(&json!(0.0123)), "$0.0123"),
            (dollars(&json!(12.3)), "$12.30"),
            (dollars(&Value::Null), "unknown"),
            (percent(&json!(0.874)), "87 %"),
            (words(&json!("READY_FOR_REVIEW")), "ready for review"),
            (text(&json!("a\u{1b}[31mb\n")), "a\\u{1B}[31mb\\n"),
            (text(&json!(["a", "b"])), "a, b"),
        ];
        for (shown, expected) in cases {
            assert_eq!(shown, expected);
        }
        let now = SystemClock.now();
        for (seconds, expected) in [(5, "5 s ago"), (90, "1 min ago"), (7_300, "2 h ago"), (200_000, "2 d ago")] {
            assert_eq!(ago(now - chrono::TimeDelta::seconds(seconds), now), expected);
        }
    }
}
