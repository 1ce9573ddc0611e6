//! The parts of an import: requests of limited size, sent one after the other.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::{CliError, Client, operation::Operation, output, run::watch::Interrupts};

const IMPORT: Operation = Operation(
    "mutation($input: ImportRunsInput!) { importRuns(input: $input) { runs { key isNew added
        run { id number status } } } }",
);

/// The documents of imports.
pub const OPERATIONS: &[Operation] = &[IMPORT];

/// Maximum number of runs in a part.
const RUNS: usize = 100;
/// Maximum number of suggestions in a part.
const ROWS: usize = 500;
/// Maximum size of the suggestions in a part, in bytes: well below the largest request.
const BYTES: usize = 500_000;
/// How often the bar is drawn again.
const TICK: Duration = Duration::from_millis(200);

/// The runs of one request, each with some of its suggestions.
pub type Part = Vec<Value>;

/// Cuts runs into parts.
#[derive(Default)]
pub struct Cutter {
    runs: Part,
    rows: usize,
    bytes: usize,
}

impl Cutter {
    /// Adds a suggestion of the run with this head, or the run alone. Returns the part before it, if that is full.
    pub fn add(&mut self, head: &Value, suggestion: Option<Value>) -> Option<Part> {
        let is_same = self.runs.last().is_some_and(|last| last["key"] == head["key"]);
        if is_same && suggestion.is_none() {
            return None;
        }
        let size = suggestion.as_ref().unwrap_or(head).to_string().len();
        let is_full = self.rows >= ROWS || self.runs.len() >= RUNS || self.bytes + size > BYTES;
        let full = (is_full && !self.runs.is_empty()).then(|| std::mem::take(self).runs);
        if full.is_some() || !is_same {
            let mut run = head.clone();
            run["suggestions"] = json!([]);
            self.bytes += run.to_string().len();
            self.runs.push(run);
        }
        if let (Some(suggestion), Some(last)) = (suggestion, self.runs.last_mut())
            && let Some(suggestions) = last["suggestions"].as_array_mut()
        {
            suggestions.push(suggestion);
            self.rows += 1;
            self.bytes += size;
        }
        full
    }

    /// Returns the last part, if anything is left.
    pub fn rest(self) -> Option<Part> {
        Some(self.runs).filter(|runs| !runs.is_empty())
    }
}

/// What has been imported of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its key in the import.
    pub key: String,
    /// Its id; `None` in a dry run.
    pub id: Option<String>,
    /// Its number; `None` in a dry run.
    pub number: Option<i64>,
    /// Its status.
    pub status: Option<String>,
    /// Whether this import created it.
    pub is_new: bool,
    /// Number of suggestions added.
    pub added: usize,
}

/// Sends the parts of an import.
pub struct Sender<'a> {
    client: &'a Client,
    source: &'a str,
    dry_run: bool,
    interrupts: Interrupts,
    bar: Option<ProgressBar>,
    /// The runs so far, in the order of the import.
    pub runs: Vec<Recorded>,
}

impl<'a> Sender<'a> {
    /// Creates a sender of an import of `total` suggestions. From now on, Ctrl-C stops it between two parts.
    ///
    /// # Errors
    /// Returns [`CliError::Terminal`] if the system refuses to pass on signals.
    pub fn new(client: &'a Client, source: &'a str, dry_run: bool, total: u64) -> Result<Self, CliError> {
        let interrupts = Interrupts::listen()?;
        let bar = (std::io::stderr().is_terminal() && !output::is_quiet()).then(|| {
            let style =
                ProgressStyle::with_template("{spinner} [{bar:20}] {pos}/{len} suggestions  {per_sec}  {eta} left");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            let bar = ProgressBar::new(total).with_style(style);
            bar.enable_steady_tick(TICK);
            bar
        });
        Ok(Self { client, source, dry_run, interrupts, bar, runs: Vec::new() })
    }

    /// Sends a part and waits until it is recorded. Returns false if Ctrl-C came first.
    ///
    /// # Errors
    /// Returns the errors of [`Client::data`].
    pub async fn send(&mut self, part: Part) -> Result<bool, CliError> {
        let count: usize = part.iter().filter_map(|run| run["suggestions"].as_array()).map(Vec::len).sum();
        let input = json!({ "source": self.source, "runs": part, "dryRun": self.dry_run });
        let variables = json!({ "input": input });
        let sent = self.interrupts.unless(self.client.idempotent(IMPORT, &variables)).await;
        let mut data = match sent {
            Ok(data) => data,
            Err(error) => {
                self.clear();
                return if matches!(error, CliError::Left) { Ok(false) } else { Err(error) };
            }
        };
        for run in data["importRuns"]["runs"].as_array_mut().into_iter().flatten() {
            let added = run["added"].as_u64().and_then(|added| added.try_into().ok()).unwrap_or_default();
            let recorded = Recorded {
                key: run["key"].as_str().unwrap_or_default().to_owned(),
                id: run["run"]["id"].as_str().map(str::to_owned),
                number: run["run"]["number"].as_i64(),
                status: run["run"]["status"].as_str().map(str::to_owned),
                is_new: run["isNew"] == true,
                added,
            };
            match self.runs.last_mut() {
                Some(last) if last.key == recorded.key => {
                    last.added += recorded.added;
                    last.status = recorded.status;
                }
                _ => self.runs.push(recorded),
            }
        }
        if let Some(bar) = &self.bar {
            bar.inc(u64::try_from(count).unwrap_or_default());
        }
        Ok(true)
    }

    /// Removes the bar.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Number of suggestions added so far.
    pub fn added(&self) -> usize {
        self.runs.iter().map(|run| run.added).sum()
    }

    /// The runs that this import created.
    pub fn new_runs(&self) -> impl Iterator<Item = &Recorded> {
        self.runs.iter().filter(|run| run.is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_into_parts() {
        let head = |key: usize| json!({ "key": key.to_string(), "title": "t" });
        let mut cutter = Cutter::default();
        let mut parts: Vec<Part> = Vec::new();
        for run in 0..150 {
            parts.extend(cutter.add(&head(run), None));
        }
        for row in 0..1_200 {
            parts.extend(cutter.add(&head(150), Some(json!({ "position": row, "text": "x".repeat(1_000) }))));
        }
        parts.extend(cutter.rest());
        let rows =
            |part: &Part| part.iter().map(|run| run["suggestions"].as_array().unwrap().len()).collect::<Vec<_>>();
        assert_eq!(parts[0].len(), RUNS);
        let of_the_last: Vec<&Value> = parts.iter().flatten().filter(|run| run["key"] == "150").collect();
        let positions = of_the_last.iter().flat_map(|run| run["suggestions"].as_array().unwrap());
        assert!(positions.map(|row| row["position"].as_u64().unwrap()).eq(0..1_200));
        for part in &parts {
            assert!(rows(part).iter().sum::<usize>() <= ROWS && json!(part).to_string().len() < BYTES + 20_000);
        }
        let keys: std::collections::BTreeSet<&str> =
            parts.iter().flatten().map(|run| run["key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 151);
    }
}
