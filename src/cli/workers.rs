//! The command `gloss workers`.

use clap::Args;
use serde_json::{Value, json};

use super::{ApiCommand, CliError, Client, Exit, Needs, Output, operation::Operation, output, table::Table};

const WORKERS: Operation = Operation(
    "{ workers { id host startedAt lastSeenAt capacity runs { number status command scopeSummary
        progress { total done failed skipped } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[WORKERS];

/// Show the processes that share the store, and what they work on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss workers
  gloss workers --json")]
pub struct Workers {}

impl ApiCommand for Workers {
    fn needs(&self) -> Needs {
        Needs::Records
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let workers = client.data(WORKERS, json!({})).await?["workers"].take();
        if output.is_json() {
            output::document(&workers);
            return Ok(Exit::Success);
        }
        let titles = Table::new(["HOST", "PROCESS", "STARTED", "SEEN", "BUSY", "RUNS"]);
        let mut table = titles.cutting(&["RUNS", "HOST"]).dropping(&["STARTED", "PROCESS"]);
        for worker in workers.as_array().into_iter().flatten() {
            let runs: Vec<String> = worker["runs"].as_array().into_iter().flatten().map(said).collect();
            table.row([
                output::text(&worker["host"]),
                output::text(&worker["id"]),
                output::time(&worker["startedAt"]),
                output::time(&worker["lastSeenAt"]),
                format!("{} of {}", runs.len(), worker["capacity"]),
                if runs.is_empty() { "-".to_owned() } else { runs.join(", ") },
            ]);
        }
        table.print();
        if workers.as_array().is_none_or(Vec::is_empty) {
            output::hint("No process is running; start one with `gloss serve`.");
        }
        Ok(Exit::Success)
    }
}

/// A run, and how far it is.
fn said(run: &Value) -> String {
    let progress = &run["progress"];
    let passed: usize = ["done", "failed", "skipped"].into_iter().map(|part| output::number(&progress[part])).sum();
    format!("#{} {} ({passed} of {})", run["number"], output::text(&run["scopeSummary"]), progress["total"])
}
