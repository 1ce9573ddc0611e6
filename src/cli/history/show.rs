//! The command `gloss history show`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{
    CliError, Client, Exit, Output, lookup,
    operation::{Operation, run_fields},
    output::{self, Tone},
    values::run_number,
};

const RUN: Operation = Operation(concat!(
    "query($number: Int!) { runByNumber(number: $number) { ",
    run_fields!(),
    " scope { database schemas { name tables { name columns } } exclude partitions }
    options { missingOnly replaceComments alternatives temperature maxOutputTokens verbosity profileData inherit
        instructions }
    budget { maxCostUsd maxTokens maxSeconds } parent { number } schedule { name }
    confidenceDistribution { high medium low } reviewCounts { unreviewed accepted edited skipped applied } } }"
));

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[RUN];

/// Show one run: its scope, settings, progress and cost
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history show 12
  gloss history show 12 --json")]
pub struct Show {
    /// Number of the run
    #[arg(value_name = "N", value_parser = run_number)]
    number: i32,
}

impl Show {
    /// Prints the run.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = client.data(RUN, json!({ "number": self.number })).await?["runByNumber"].take();
        if run.is_null() {
            return Err(lookup::no_run(self.number));
        }
        if output.is_json() {
            output::document(&run);
        } else {
            output::print(&described(&run));
        }
        Ok(Exit::Success)
    }
}

fn described(run: &Value) -> String {
    let (progress, usage, error) = (&run["progress"], &run["usage"], &run["error"]);
    let status =
        Tone::of_status(run["status"].as_str().unwrap_or_default()).paint(&output::words(&run["status"])).to_string();
    let counts = |counts: &Value| {
        let counts = counts.as_object().into_iter().flatten();
        counts.map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    };
    let progress = format!(
        "{} of {} described, {} failed, {} skipped",
        progress["done"],
        output::text(&progress["total"]),
        progress["failed"],
        progress["skipped"]
    );
    let usage = format!(
        "{} input and {} output tokens, cost {}",
        usage["inputTokens"],
        usage["outputTokens"],
        output::dollars(&usage["costUsd"])
    );
    let reason = error["message"].as_str().map_or(Value::Null, |message| {
        let hint = error["hint"].as_str().map(|hint| format!(" ({hint})"));
        json!(format!("{message}{}", hint.unwrap_or_default()))
    });
    let model = format!("{} ({})", output::text(&run["model"]), output::text(&run["llmProfileName"]));
    let rows = [
        ("Run", format!("#{}", run["number"])),
        ("Title", output::text(&run["title"])),
        ("Labels", output::text(&run["labels"])),
        ("Command", output::words(&run["command"])),
        ("Status", status),
        ("Waiting for", output::text(&run["waiting"]["reason"])),
        ("Reason", output::text(&reason)),
        ("Profile", output::text(&run["dbProfileName"])),
        ("Scope", output::text(&run["scopeSummary"])),
        ("Left out", output::text(&run["scope"]["exclude"])),
        ("Model", model),
        ("Budget", budget(&run["budget"])),
        ("Progress", progress),
        ("Confidence", counts(&run["confidenceDistribution"])),
        ("Review", counts(&run["reviewCounts"])),
        ("Requests", output::text(&run["usage"]["requests"])),
        ("Usage", usage),
        ("Created", output::time(&run["createdAt"])),
        ("Started", output::time(&run["startedAt"])),
        ("Finished", output::time(&run["finishedAt"])),
        ("Duration", output::seconds(&run["durationSeconds"])),
        ("Started by", output::text(&run["startedBy"])),
        ("Cancelled by", output::text(&run["cancelledBy"])),
        ("Repeats", output::text(&run["parent"]["number"])),
        ("Schedule", output::text(&run["schedule"]["name"])),
    ];
    let shown = rows.iter().filter(|(_, value)| value != "-");
    shown.fold(String::new(), |text, (name, value)| format!("{text}{name:<14}{value}\n"))
}

fn budget(budget: &Value) -> String {
    let limits = [
        budget["maxCostUsd"].as_f64().map(|_| output::dollars(&budget["maxCostUsd"])),
        budget["maxTokens"].as_u64().map(|tokens| format!("{tokens} tokens")),
        budget["maxSeconds"].as_u64().map(|seconds| format!("{seconds} s")),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    if limits.is_empty() { "-".to_owned() } else { limits.join(", ") }
}
