//! The command `gloss history show`.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{
    CliError, Client, Exit, Output, lookup,
    operation::{Operation, run_fields},
    output::{self, Tone, counted, number},
    values::{RunNumber, run_number},
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
  gloss history show last --json")]
pub struct Show {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
}

impl Show {
    /// Prints the run.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let number = lookup::number(client, self.number).await?;
        let run = client.data(RUN, json!({ "number": number })).await?["runByNumber"].take();
        if run.is_null() {
            return Err(lookup::no_run(number));
        }
        if output.is_json() {
            output::document(&run);
        } else {
            output::print(described(&run));
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
        "{} and {}, cost {}",
        counted(number(&usage["inputTokens"]), "input token"),
        counted(number(&usage["outputTokens"]), "output token"),
        output::dollars(&usage["costUsd"])
    );
    let reason = output::reason(error).unwrap_or_else(|| "-".to_owned());
    let model = match &run["llmProfileName"] {
        // An imported run may have a model without a profile, or none.
        Value::Null => output::text(&run["model"]),
        profile => format!("{} ({})", output::text(&run["model"]), output::text(profile)),
    };
    let rows = [
        ("Run", format!("#{}", run["number"])),
        ("Title", output::text(&run["title"])),
        ("Labels", output::text(&run["labels"])),
        ("Command", output::words(&run["command"])),
        ("Status", status),
        ("Waiting for", output::text(&run["waiting"]["reason"])),
        ("Reason", reason),
        ("Profile", output::text(&run["dbProfileName"])),
        ("Scope", output::text(&run["scopeSummary"])),
        ("Left out", output::text(&run["scope"]["exclude"])),
        ("Model", model),
        ("Budget", output::budget(&run["budget"])),
        ("Progress", progress),
        ("Confidence", counts(&run["confidenceDistribution"])),
        ("Review", counts(&run["reviewCounts"])),
        ("Requests", requests(&run["usage"])),
        ("Usage", usage),
        ("Created", output::clock(&run["createdAt"])),
        ("Started", output::clock(&run["startedAt"])),
        ("Finished", output::clock(&run["finishedAt"])),
        ("Duration", output::seconds(&run["durationSeconds"])),
        ("Started by", output::text(&run["startedBy"])),
        ("Cancelled by", output::text(&run["cancelledBy"])),
        ("Repeats", output::text(&run["parent"]["number"])),
        ("Schedule", output::text(&run["schedule"]["name"])),
    ];
    output::sheet(&rows)
}

/// The number of requests, and how many of them were repeated or sent again.
fn requests(usage: &Value) -> String {
    let more = [("repeats", "repeated after unreadable answers"), ("retries", "sent again after failures")];
    let more = more.iter().filter(|(name, _)| usage[name].as_i64().is_some_and(|count| count > 0));
    let more: Vec<String> = more.map(|(name, what)| format!("{} {what}", usage[name])).collect();
    [vec![output::text(&usage["requests"])], more].concat().join(", ")
}
