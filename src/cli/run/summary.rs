//! How runs ended, what to do next, and with which exit code.

use serde_json::{Value, json};

use super::watch::{Watched, What};
use crate::cli::{
    CliError, Client, Exit, Output,
    operation::{Operation, run_fields},
    output::{self, Tone},
};

const ENDED: Operation = Operation(concat!(
    "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Run { ",
    run_fields!(),
    " reviewCounts { unreviewed accepted edited skipped applied }
    conflicts: applyOutcomes(first: 0, filter: { statuses: [CONFLICT] }) { totalCount }
    unwritten: applyOutcomes(first: 0, filter: { statuses: [FAILED] }) { totalCount }
    confidenceDistribution { high medium low } } } }"
));

/// The documents of the summary.
pub const OPERATIONS: &[Operation] = &[ENDED];

/// Prints how runs ended, unless their events were printed, and returns the exit code.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn print(client: &Client, runs: &[Watched], output: Output) -> Result<Exit, CliError> {
    let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
    let ended = client.data(ENDED, json!({ "ids": ids })).await?["nodes"].take();
    let mut exit = Exit::Success;
    for (run, watched) in ended.as_array().into_iter().flatten().zip(runs) {
        exit = exit.max(exit_of(run, watched.what));
        if !output.is_json() {
            output::line(&sentence(run, wrote(run, watched.what)));
            if let Some(next) = next(run, client.server().as_deref()) {
                output::line(&next);
            }
        }
    }
    Ok(exit)
}

/// Returns whether a run wrote comments while it was watched.
fn wrote(run: &Value, what: What) -> bool {
    matches!(what, What::Writes(_)) || run["command"] == "RUN_APPLY"
}

/// The exit code for a run that was watched to its end.
#[must_use]
pub fn exit_of(run: &Value, what: What) -> Exit {
    let wrote = wrote(run, what);
    let some = |count: &Value| count.as_u64().is_some_and(|count| count > 0);
    match run["status"].as_str() {
        Some("CANCELLED") => Exit::Cancelled,
        Some("FAILED" | "PAUSED") => Exit::RunFailed,
        _ if some(&run["progress"]["failed"]) || wrote && some(&run["unwritten"]["totalCount"]) => Exit::RunFailed,
        _ if wrote && some(&run["conflicts"]["totalCount"]) => Exit::Conflict,
        _ => Exit::Success,
    }
}

fn sentence(run: &Value, wrote: bool) -> String {
    let status = run["status"].as_str().unwrap_or_default();
    let progress = &run["progress"];
    let described = format!(
        "Run #{}: {}, {} of {} assets described in {}, cost {}",
        run["number"],
        Tone::of_status(status).paint(&output::words(&run["status"])),
        progress["done"],
        output::text(&progress["total"]),
        output::seconds(&run["durationSeconds"]),
        output::dollars(&run["usage"]["costUsd"]),
    );
    let counts: &[(&Value, &str)] = if wrote {
        &[
            (&progress["failed"], "failed"),
            (&progress["skipped"], "skipped"),
            (&run["reviewCounts"]["applied"], "written to the database"),
            (&run["conflicts"]["totalCount"], "in conflict"),
            (&run["unwritten"]["totalCount"], "not written"),
        ]
    } else {
        &[
            (&progress["failed"], "failed"),
            (&progress["skipped"], "skipped"),
            (&run["confidenceDistribution"]["low"], "with low confidence"),
        ]
    };
    let counts = counts.iter().filter(|(count, _)| count.as_u64().is_some_and(|count| count > 0));
    let parts: Vec<String> =
        std::iter::once(described).chain(counts.map(|(count, what)| format!("{count} {what}"))).collect();
    let error = &run["error"];
    let hint = error["hint"].as_str().map(|_| format!(" ({})", output::text(&error["hint"]))).unwrap_or_default();
    let reason = error["message"].as_str().map(|_| format!("\nReason: {}{hint}", output::text(&error["message"])));
    format!("{}{}", parts.join(", "), reason.unwrap_or_default())
}

/// What to type next.
fn next(run: &Value, server: Option<&str>) -> Option<String> {
    let number = &run["number"];
    Some(match run["status"].as_str()? {
        "READY_FOR_REVIEW" => {
            let page = match server {
                Some(server) => format!("{server}/runs/{number}"),
                None => "in the pages of `gloss serve`".to_owned(),
            };
            format!("Next: `gloss history results {number}` and `gloss history review {number}`, or {page}")
        }
        "FAILED" | "PAUSED" | "CANCELLED" => format!("Next: continue it with `gloss history resume {number}`"),
        "SUCCESS" if run["reviewCounts"]["applied"] != 0 => {
            format!("Next: undo the writes with `gloss history rollback {number}`, if they are wrong")
        }
        _ => return None,
    })
}
