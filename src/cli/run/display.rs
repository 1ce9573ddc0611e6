//! The progress of runs: bars on a terminal, lines elsewhere, or events as JSON.
//!
//! The rule: progress goes to standard error, so that standard output holds results only. With JSON the events are the
//! result. Rate and time left come from the times of the events, so that they are right also after a reconnect.

use std::{collections::VecDeque, io::IsTerminal, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::watch::{Watched, What};
use crate::{
    cli::{Output, follow::Told, output, table, wrap::Flow},
    domain::text::visible,
};

/// How often a bar is drawn again without news.
const TICK: Duration = Duration::from_millis(200);
/// The time over which the rate is measured.
const WINDOW: TimeDelta = TimeDelta::seconds(30);

/// What shows the progress of runs.
pub struct Display {
    output: Output,
    /// On a terminal.
    bars: Option<MultiProgress>,
    runs: Vec<Shown>,
    /// The answer that is being written.
    answer: Flow,
}

/// The progress of one run.
struct Shown {
    number: i64,
    bar: Option<ProgressBar>,
    pace: Pace,
    what: What,
    written: u64,
}

impl Display {
    /// Creates a display of these runs.
    pub fn new(runs: &[Watched], output: Output) -> Self {
        // An answer shows its own progress.
        let has_bars = !output.is_json() && !output::is_quiet() && runs.iter().all(|run| run.what != What::Answer);
        let bars = (has_bars && std::io::stderr().is_terminal()).then(MultiProgress::new);
        let shown = |run: &Watched| {
            let bar = bars.as_ref().map(|bars| {
                let bar = bars.add(ProgressBar::no_length().with_style(style(false)));
                bar.set_prefix(format!("#{}", run.number));
                bar.set_message("waiting for the first event");
                bar.enable_steady_tick(TICK);
                bar
            });
            Shown { number: run.number, bar, pace: Pace::default(), what: run.what, written: 0 }
        };
        Self { output, runs: runs.iter().map(shown).collect(), bars, answer: Flow::new(table::width()) }
    }

    /// Shows what is new of a run.
    pub fn show(&mut self, at: usize, told: Told) {
        match told {
            Told::Event(event) => self.event(at, event),
            Told::Lost(reason) => self.note(&format!("Connection lost, reconnecting: {}", visible(&reason))),
            Told::Back => self.note("Connected again."),
        }
    }

    /// Shows a line above the bars.
    pub fn note(&self, text: &str) {
        match &self.bars {
            // If standard error is closed, nobody reads the note.
            Some(bars) => drop(bars.println(text)),
            None => output::note(text),
        }
    }

    /// Removes the bars.
    pub fn clear(&self) {
        if let Some(bars) = &self.bars {
            for bar in self.runs.iter().filter_map(|run| run.bar.as_ref()) {
                bar.finish_and_clear();
            }
            drop(bars.clear());
        }
    }

    fn event(&mut self, at: usize, event: Value) {
        let many = self.runs.len() > 1;
        let run = &mut self.runs[at];
        if run.what == What::Answer {
            return self.answer(&event);
        }
        if self.output.is_json() {
            // The draft or the comparison is the result.
            if matches!(run.what, What::Draft | What::Verdicts) {
                return;
            }
            let mut line = Map::from_iter([("run".to_owned(), json!(run.number))]);
            line.extend(event.as_object().cloned().unwrap_or_default());
            return output::line(&Value::Object(line).to_string());
        }
        let prefix = if many { format!("#{} ", run.number) } else { String::new() };
        if matches!(event["type"].as_str(), Some("APPLIED" | "APPLY_FAILED")) {
            run.written += 1;
        }
        run.pace.count(&event);
        if let Some(bar) = &run.bar {
            run.draw(bar, &event);
        }
        if let Some(line) = above(&event) {
            let line = format!("{prefix}{line}");
            // What failed is told in any case.
            let is_failure = event["type"].as_str().is_some_and(|kind| kind.ends_with("_FAILED"));
            if is_failure && output::is_quiet() { output::complain(&line) } else { self.note(&line) }
        } else if self.bars.is_none() && event["type"] != "ASSET_STARTED" {
            let run = &self.runs[at];
            output::note(&format!("{prefix}{}", run.line(&event)));
        }
    }
}

impl Display {
    /// Writes an answer as it comes, if a person reads along.
    fn answer(&mut self, event: &Value) {
        let reads_along = !self.output.is_json() && std::io::stdout().is_terminal();
        match event["type"].as_str() {
            Some("ANSWER_DELTA") if reads_along => output::print(self.answer.push(&output::lines(&event["text"]))),
            Some("FINISHED") if reads_along => output::print(self.answer.end()),
            Some("RESUMED") if reads_along => {
                output::print(self.answer.end() + "\n");
                output::note("The answer starts over.");
            }
            Some("TOOL_CALLED") if std::io::stderr().is_terminal() => output::note(&output::message(&event["message"])),
            Some("WARNING" | "CANCEL_REQUESTED") => output::note(&output::message(&event["message"])),
            _ => {}
        }
    }
}

impl Shown {
    /// A line for one event, without a terminal.
    fn line(&self, event: &Value) -> String {
        let message = output::message(&event["message"]);
        match (event["type"].as_str(), &event["suggestion"]["description"]) {
            (Some("ASSET_FINISHED"), Value::String(description)) => {
                let (position, total) = (self.pace.count, output::text(&event["progress"]["total"]));
                format!("[{position}/{total}] {}: {}", output::text(&event["asset"]["display"]), visible(description))
            }
            _ => message,
        }
    }

    fn draw(&self, bar: &ProgressBar, event: &Value) {
        let (position, total) = match self.what {
            What::Writes(writes) | What::RollsBack(writes) => (self.written, Some(writes)),
            What::Rows | What::Answer | What::Draft | What::Verdicts => {
                (self.pace.count, event["progress"]["total"].as_u64())
            }
        };
        if let Some(total) = total
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            bar.set_style(style(true));
        }
        bar.set_position(position);
        let mut facts = Vec::new();
        if matches!(self.what, What::Rows | What::Verdicts)
            && let Some(rate) = self.pace.rate()
        {
            facts.push(format!("{rate:.1}/s"));
            if let Some(left) = total.map(|total| total.saturating_sub(position)).filter(|left| *left > 0) {
                #[expect(clippy::cast_precision_loss, reason = "a number of assets")]
                let left = left as f64 / rate;
                facts.push(format!("{} left", output::seconds(&json!(left.round()))));
            }
        }
        if let Some(cost) = event["usage"]["costUsd"].as_f64() {
            facts.push(output::dollars(&json!(cost)));
        }
        facts.push(match (&event["asset"]["display"], event["status"].as_str()) {
            (Value::String(asset), _) => visible(asset).into_owned(),
            (_, Some("RUNNING" | "APPLYING")) => output::message(&event["message"]),
            _ => output::words(&event["status"]),
        });
        bar.set_message(facts.join("  "));
    }
}

/// The line above the bars for an event that a person should see.
fn above(event: &Value) -> Option<String> {
    let message = output::message(&event["message"]);
    match event["type"].as_str()? {
        "WARNING" | "CANCEL_REQUESTED" | "RESUMED" => Some(message),
        "ASSET_FAILED" | "APPLY_FAILED" => {
            let hint =
                event["error"]["hint"].as_str().map(|_| format!(" ({})", output::message(&event["error"]["hint"])));
            Some(format!("{message}{}", hint.unwrap_or_default()))
        }
        _ => None,
    }
}

/// How fast a run describes: the mean of its last half minute.
#[derive(Default)]
struct Pace {
    /// The rows that have an outcome.
    count: u64,
    /// When rows got their outcomes, and how many had one then, since a worker took the run or within [`WINDOW`].
    steps: VecDeque<(DateTime<Utc>, u64)>,
}

impl Pace {
    fn count(&mut self, event: &Value) {
        let progress = &event["progress"];
        let outcomes = ["done", "failed", "skipped"].iter().filter_map(|field| progress[*field].as_u64()).sum();
        let is_start = matches!(event["type"].as_str(), Some("STARTED" | "RESUMED"));
        let is_step = is_start || outcomes != self.count;
        self.count = outcomes;
        if is_start {
            self.steps.clear();
        }
        let at = event["at"].as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok()).map(|at| at.to_utc());
        let Some(at) = at.filter(|_| is_step && (is_start || !self.steps.is_empty())) else { return };
        self.steps.push_back((at, outcomes));
        while self.steps.len() > 2 && self.steps.get(1).is_some_and(|(second, _)| at - second >= WINDOW) {
            self.steps.pop_front();
        }
    }

    /// The rows in a second; `None` before there is a measure.
    fn rate(&self) -> Option<f64> {
        let ((began, before), (last, count)) = (self.steps.front()?, self.steps.back()?);
        let milliseconds = (*last - *began).num_milliseconds();
        #[expect(clippy::cast_precision_loss, reason = "a number of assets and a duration")]
        let rate = count.checked_sub(*before)? as f64 * 1000.0 / milliseconds.max(1) as f64;
        (milliseconds > 0 && rate > 0.0).then_some(rate)
    }
}

fn style(has_total: bool) -> ProgressStyle {
    let template = if has_total {
        "{spinner} {prefix} [{bar:20}] {pos}/{len}  {wide_msg}"
    } else {
        "{spinner} {prefix} {wide_msg}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_counts_from_the_last_start() {
        let event = |kind: &str, second: u32, done: u32| {
            json!({ "type": kind, "at": format!("2026-11-28T10:00:{second:02}Z"),
                "progress": { "total": 100, "done": done, "failed": 0, "skipped": 0 } })
        };
        let mut pace = Pace::default();
        pace.count(&event("CREATED", 0, 0));
        assert_eq!(pace.rate(), None);
        pace.count(&event("STARTED", 10, 0));
        pace.count(&event("ASSET_FINISHED", 12, 10));
        assert_eq!(pace.rate(), Some(5.0));
        pace.count(&event("RESUMED", 40, 10));
        pace.count(&event("ASSET_FINISHED", 44, 18));
        // A message in between does not slow it down.
        pace.count(&event("WARNING", 59, 18));
        assert_eq!(pace.rate(), Some(2.0));
    }

    #[test]
    fn rate_is_that_of_the_last_half_minute() {
        let mut pace = Pace::default();
        let mut count = |second: u32, done: u32| {
            let kind = if second == 0 { "STARTED" } else { "ASSET_FINISHED" };
            let at = format!("2026-11-28T10:{:02}:{:02}Z", second / 60, second % 60);
            pace.count(&json!({ "type": kind, "at": at, "progress": { "done": done } }));
            pace.rate()
        };
        assert_eq!((count(0, 0), count(10, 100)), (None, Some(10.0)));
        // Slower from here: one in five seconds.
        let rates: Vec<_> = (1..=8).map(|step| count(10 + 5 * step, 100 + step)).collect();
        assert_eq!(rates.last(), Some(&Some(0.2)));
        // A single slow row still has a rate.
        assert_eq!(count(150, 109), Some(0.01));
    }
}
