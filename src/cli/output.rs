//! What a command prints: results on standard output, notes about its work on standard error.
//!
//! The rule: every text from a store, server or database passes through [`visible`], so that it cannot control the
//! terminal. Colours appear only on a terminal, and never with `NO_COLOR`. A reader that closes the pipe, such
//! as `head`, ends the command with success. With `--quiet`, only results and errors are printed: what is neither goes
//! through [`note`] or [`hint`].

use std::{
    io::{ErrorKind, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, SecondsFormat, Utc};
use console::{StyledObject, measure_text_width, style};
use serde_json::Value;

use super::{error::CliError, exit::Exit, table, terms, wrap::wrap};
pub use crate::domain::text::counted;
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
    /// The format, by whether `--json` is given.
    #[must_use]
    pub const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// Returns whether results are JSON.
    #[must_use]
    pub fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Whether only results and errors are printed.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Returns whether only results and errors are printed.
#[must_use]
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// The time in which a command prints as its `--quiet` says. Afterwards, the setting from before returns.
#[must_use]
pub struct Quiet {
    before: bool,
}

impl Quiet {
    /// Begins to print only results and errors, if `is_quiet`.
    pub fn begin(is_quiet: bool) -> Self {
        Self { before: QUIET.fetch_or(is_quiet, Ordering::Relaxed) }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.store(self.before, Ordering::Relaxed);
    }
}

/// Writes a text to standard output.
pub fn print(text: impl AsRef<[u8]>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(Exit::Success.number().into());
        }
        complain(&format!("gloss: cannot write to standard output: {error}"));
        std::process::exit(Exit::Failure.number().into());
    }
}

/// Writes a line to standard output.
pub fn line(text: &str) {
    print(format!("{text}\n"));
}

/// Writes a JSON document to standard output.
pub fn document(value: &Value) {
    line(&format!("{value:#}"));
}

/// Writes a line about what to do next to standard output, except with `--quiet`.
pub fn hint(text: &str) {
    if !is_quiet() {
        line(text);
    }
}

/// Writes a line about the command's work to standard error, except with `--quiet`.
pub fn note(text: &str) {
    if !is_quiet() {
        complain(text);
    }
}

/// Writes a line about what went wrong to standard error, also with `--quiet`.
pub fn complain(text: &str) {
    // If standard error is closed, nobody reads the line.
    let _unread = writeln!(std::io::stderr().lock(), "{text}");
}

/// Returns whether a person can answer a question: standard input and standard error are a terminal.
#[must_use]
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question at the terminal that only `y` answers with yes.
///
/// # Errors
/// Returns [`CliError::Usage`] if nobody can be asked: then `flag` is needed instead.
pub fn confirmed(question: &str, flag: &str) -> Result<bool, CliError> {
    if !can_ask() {
        return Err(CliError::Usage(format!("{question} Without a terminal, nobody can be asked; add {flag}")));
    }
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
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

/// A message of the API in the terms of the command line; `-` for null.
#[must_use]
pub fn message(value: &Value) -> String {
    value.as_str().map_or_else(|| text(value), |message| visible(&terms::in_terminal(message)).into_owned())
}

/// An error of the API with its hint; `None` for null.
#[must_use]
pub fn reason(error: &Value) -> Option<String> {
    error["message"].as_str()?;
    let hint = error["hint"].as_str().map(|_| format!(" ({})", message(&error["hint"])));
    Some(format!("{}{}", message(&error["message"]), hint.unwrap_or_default()))
}

/// The number in a JSON value; 0 if there is none.
#[must_use]
pub fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| number.try_into().ok()).unwrap_or_default()
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

/// A time in a table: how far it is from now on a terminal (`5 min ago`, `in 3 h`), as [`clock`] elsewhere; `-` for
/// null.
#[must_use]
pub fn time(value: &Value) -> String {
    match moment(value) {
        Some(moment) if std::io::stdout().is_terminal() => distance(moment, SystemClock.now()),
        _ => clock(value),
    }
}

/// A time in full: RFC 3339 in UTC, to the second; `-` for null.
#[must_use]
pub fn clock(value: &Value) -> String {
    moment(value).map_or_else(|| text(value), |moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|moment| moment.to_utc())
}

/// A budget: `$2.50, 5000 tokens`; `-` for none.
#[must_use]
pub fn budget(budget: &Value) -> String {
    let limits = [
        budget["maxCostUsd"].as_f64().map(|_| dollars(&budget["maxCostUsd"])),
        budget["maxTokens"].as_u64().map(|_| counted(number(&budget["maxTokens"]), "token")),
        budget["maxSeconds"].as_u64().map(|seconds| format!("{seconds} s")),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    if limits.is_empty() { "-".to_owned() } else { limits.join(", ") }
}

/// What is known of one record, a line for each fact; facts that are `-` are left out. Long values are wrapped.
#[must_use]
pub fn sheet(facts: &[(&str, String)]) -> String {
    let known = facts.iter().filter(|(_, value)| value != "-");
    known.map(|(name, value)| hanging(&format!("{name:<14}"), value)).collect()
}

/// A text after its name, as lines. In a terminal, or if `COLUMNS` is set, the text is wrapped at words, and its other
/// lines are indented as far as the first one.
#[must_use]
pub fn hanging(name: &str, text: &str) -> String {
    /// The narrowest that a text is wrapped to.
    const NARROWEST: usize = 20;
    let indent = measure_text_width(name);
    let room = table::width().map(|width| width.saturating_sub(indent)).filter(|room| *room >= NARROWEST);
    let Some(room) = room else { return format!("{name}{text}\n") };
    format!("{name}{}\n", wrap(text, room).join(&format!("\n{:indent$}", "")))
}

/// How far a moment is from now: `5 min ago`, `in 3 h`.
fn distance(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - then).num_seconds();
    let (unit, name) = match seconds.abs() {
        ..60 => (1, "s"),
        60..3_600 => (60, "min"),
        3_600..86_400 => (3_600, "h"),
        _ => (86_400, "d"),
    };
    // What is due in 11 h 59 min is due in 12 h.
    if then > now {
        format!("in {} {name}", (unit / 2 - seconds) / unit)
    } else {
        format!("{} {name} ago", seconds / unit)
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
            assert_eq!(distance(now - chrono::TimeDelta::seconds(seconds), now), expected);
        }
        let later = now + chrono::TimeDelta::hours(12);
        for (passed, expected) in [(0, "in 12 h"), (60, "in 12 h"), (1_860, "in 11 h"), (43_170, "in 30 s")] {
            assert_eq!(distance(later, now + chrono::TimeDelta::seconds(passed)), expected, "{passed}");
        }
    }
}
