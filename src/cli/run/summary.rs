//! How runs ended, what to do next, and with which exit code.

use serde_json::{Value, json};

use super::watch::{Interrupts, Watched, What};
use crate::cli::{
    CliError, Client, Exit, Output,
    operation::{Operation, run_fields},
    output::{self, Tone, counted, number},
};

const ENDED: Operation = Operation(concat!(
    "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Run { ",
    run_fields!(),
    " reviewCounts { unreviewed accepted edited skipped applied }
    written: applyOutcomes(first: 0, filter: { statuses: [APPLIED] }) { totalCount }
    unchanged: applyOutcomes(first: 0, filter: { statuses: [UNCHANGED] }) { totalCount }
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
    let mut interrupts = Interrupts::listen()?;
    let request = client.data_at_the_end(ENDED, json!({ "ids": ids }));
    let ended = interrupts.unless(request).await?["nodes"].take();
    let mut exit = Exit::Success;
    for (run, watched) in ended.as_array().into_iter().flatten().zip(runs) {
        exit = exit.max(exit_of(run, watched.what));
        if !output.is_json() {
            output::line(&sentence(run, watched.what));
            if let Some(next) = next(run, watched.what, client.server().as_deref()) {
                output::hint(&next);
            }
        }
    }
    Ok(exit)
}

/// Returns whether a run wrote comments while it was watched.
fn wrote(run: &Value, what: What) -> bool {
    matches!(what, What::Writes(_) | What::RollsBack(_)) || run["command"] == "RUN_APPLY"
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

fn sentence(run: &Value, what: What) -> String {
    let status = run["status"].as_str().unwrap_or_default();
    let progress = &run["progress"];
    let judges = run["kind"] == "JUDGE";
    let described = format!(
        "{} of {} {} in {}, cost {}",
        progress["done"],
        match progress["total"].as_u64() {
            Some(_) => counted(number(&progress["total"]), if judges { "pair" } else { "asset" }),
            None => "an unknown number of assets".to_owned(),
        },
        if judges { "judged" } else { "described" },
        output::seconds(&run["durationSeconds"]),
        output::dollars(&run["usage"]["costUsd"]),
    );
    let (written, unchanged) = (&run["written"]["totalCount"], &run["unchanged"]["totalCount"]);
    let written = |done: &str| format!("{} {done}", counted(number(written), "comment"));
    let writes = [
        (unchanged, "unchanged"),
        (&run["conflicts"]["totalCount"], "in conflict"),
        (&run["unwritten"]["totalCount"], "not written"),
    ];
    let rows = [(&progress["failed"], "failed"), (&progress["skipped"], "skipped")];
    let low = [(&run["confidenceDistribution"]["low"], "with low confidence")];
    let (first, counts) = match what {
        What::RollsBack(_) => (vec![written("put back")], writes.to_vec()),
        What::Writes(_) => (vec![written("written")], writes.to_vec()),
        What::Rows if wrote(run, what) => (vec![described, written("written")], [&rows[..], &writes].concat()),
        What::Rows | What::Answer | What::Draft | What::Verdicts => (vec![described], [&rows[..], &low].concat()),
    };
    let counts = counts.iter().filter(|(count, _)| count.as_u64().is_some_and(|count| count > 0));
    let parts: Vec<String> = first.into_iter().chain(counts.map(|(count, what)| format!("{count} {what}"))).collect();
    let reason = output::reason(&run["error"]).map(|reason| format!("\nReason: {reason}"));
    let status = Tone::of_status(status).paint(&output::words(&run["status"])).to_string();
    format!("Run #{}: {status}, {}{}", run["number"], parts.join(", "), reason.unwrap_or_default())
}

/// What to type next.
fn next(run: &Value, what: What, server: Option<&str>) -> Option<String> {
    let number = &run["number"];
    let may_undo = matches!(what, What::Writes(_)) || run["status"] == "SUCCESS";
    if may_undo && run["written"]["totalCount"] != 0 && run["reviewCounts"]["applied"] != 0 {
        return Some(format!(
            "Next: if the comments are wrong, put the old ones back with `gloss history rollback {number}`"
        ));
    }
    Some(match run["status"].as_str()? {
        // What was not written says why, and what to do.
        _ if matches!(what, What::RollsBack(_) | What::Writes(_)) => return None,
        "READY_FOR_REVIEW" if what == What::Draft => {
            format!(
                "Next: accept it with `gloss history review {number} --accept`, then `gloss history apply {number}`"
            )
        }
        "READY_FOR_REVIEW" => {
            let page = match server {
                Some(server) => format!("{server}/runs/{number}"),
                None => "in the pages of `gloss serve`".to_owned(),
            };
            format!(
                "Next: review them with `gloss history review {number}`, accept all with `gloss history review \
                 {number} --accept`, or {page}"
            )
        }
        "FAILED" | "PAUSED" | "CANCELLED" => format!("Next: continue it with `gloss history resume {number}`"),
        _ => return None,
    })
}
