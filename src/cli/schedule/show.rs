//! The command `gloss schedule show`.

use serde_json::{Value, json};

use super::{fires, schedule_fields};
use crate::cli::{CliError, Client, Exit, Output, operation::Operation, output};

const SHOW: Operation = Operation(concat!(
    "query($id: ID!) { node(id: $id) { ... on Schedule { ",
    schedule_fields!(),
    " createdAt budget { maxCostUsd maxTokens maxSeconds } options { missingOnly instructions } scope { exclude }
    runs(first: 5) { nodes { number status } } } } }"
));

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[SHOW];

/// Prints the schedule with this id.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn show(client: &Client, id: &str, output: Output) -> Result<Exit, CliError> {
    let schedule = client.data(SHOW, json!({ "id": id })).await?["node"].take();
    if output.is_json() {
        output::document(&schedule);
    } else {
        output::print(described(&schedule));
    }
    Ok(Exit::Success)
}

fn described(schedule: &Value) -> String {
    let list = |values: &Value, one: fn(&Value) -> String| {
        let all: Vec<String> = values.as_array().into_iter().flatten().map(one).collect();
        if all.is_empty() { "-".to_owned() } else { all.join(", ") }
    };
    let when = if schedule["fireAt"].is_null() {
        fires(schedule)
    } else {
        format!("once, at {}", output::clock(&schedule["fireAt"]))
    };
    let error = output::reason(&schedule["lastError"]);
    let model = if schedule["llmProfile"]["name"].is_null() {
        "the default when it fires".to_owned()
    } else {
        output::text(&schedule["llmProfile"]["name"])
    };
    let covers = [("onChange", "new or changed"), ("missingOnly", "without a comment")];
    let covers: Vec<&str> = covers
        .into_iter()
        .filter(|(field, _)| schedule[field] == true || schedule["options"][field] == true)
        .map(|(_, what)| what)
        .collect();
    let runs = |run: &Value| format!("#{} {}", run["number"], output::words(&run["status"]));
    let rows = [
        ("Schedule", output::text(&schedule["name"])),
        ("Id", output::text(&schedule["id"])),
        ("Status", output::words(&schedule["status"])),
        ("Fires", when),
        ("Next", list(&schedule["nextFirings"], output::clock)),
        ("Last", output::clock(&schedule["lastFireAt"])),
        ("Last error", error.unwrap_or_else(|| "-".to_owned())),
        ("Profile", output::text(&schedule["dbProfile"]["name"])),
        ("Scope", output::text(&schedule["scopeSummary"])),
        ("Left out", output::text(&schedule["scope"]["exclude"])),
        ("Only assets", if covers.is_empty() { "-".to_owned() } else { covers.join(", ") }),
        ("Model", model),
        ("Instructions", output::text(&schedule["options"]["instructions"])),
        ("Review", output::words(&schedule["reviewStrategy"])),
        ("Budget", output::budget(&schedule["budget"])),
        ("Runs", list(&schedule["runs"]["nodes"], runs)),
        ("Created", output::clock(&schedule["createdAt"])),
    ];
    output::sheet(&rows)
}
