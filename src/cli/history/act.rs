//! The commands that act on a run: `gloss history cancel`, `resume`, `apply` and `rollback`.

use std::collections::HashSet;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        CliError, Client, Exit, Output, lookup,
        operation::Operation,
        output, pages,
        run::{
            summary,
            watch::{Interrupts, Watched, What, watch},
        },
        values::{RunNumber, run_number, usd},
    },
    domain::text::visible_lines,
};

const CANCEL: Operation =
    Operation("mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome run { number status } } }");
const RESUME: Operation = Operation(
    "mutation($input: ResumeRunInput!) { resumeRun(input: $input) { run { id number status lastSequence } } }",
);
const APPLY: Operation = Operation(
    "mutation($id: ID!, $overwrite: Boolean) { applyRun(input: { runId: $id, overwrite: $overwrite }) {
        total replacing run { number status } } }",
);
const ROLLBACK: Operation = Operation(
    "mutation($id: ID!, $overwrite: Boolean) { rollbackRun(input: { runId: $id, overwrite: $overwrite }) {
        total replacing run { number status } } }",
);
const PLAN: Operation = Operation(
    "query($run: ID!, $rollback: Boolean, $first: Int, $after: String) {
        applyPlan(runId: $run, rollback: $rollback, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } nodes {
                suggestion { asset { display } } status statement before after error { code message hint } } } }",
);

/// The documents of the commands.
pub const OPERATIONS: &[Operation] = &[CANCEL, RESUME, APPLY, ROLLBACK, PLAN];

/// Cancel a run
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history cancel 12")]
pub struct Cancel {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
}

impl Cancel {
    /// Cancels the run. A run that had already ended is a conflict.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = lookup::run(client, self.number).await?;
        let payload = client.data(CANCEL, json!({ "id": run["id"] })).await?["cancelRun"].take();
        let is_late = payload["outcome"] == "ALREADY_FINISHED";
        if output.is_json() {
            output::document(&payload);
        } else if is_late {
            let status = output::words(&payload["run"]["status"]);
            output::complain(&format!("Run #{} had already ended: {status}.", run["number"]));
        } else {
            output::line(&format!("Run #{} is {}.", run["number"], output::words(&payload["outcome"])));
        }
        Ok(if is_late { Exit::Conflict } else { Exit::Success })
    }
}

/// Continue a run that paused, failed, was cancelled or has failed assets, and show the progress
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history resume 12
  gloss history resume 12 --budget-usd 5
  gloss history resume 12 --detach")]
pub struct Resume {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    /// A new budget in United States dollars, over the whole life of the run
    #[arg(long, value_name = "USD", value_parser = usd)]
    budget_usd: Option<f64>,
    /// Remove the budget
    #[arg(long, conflicts_with = "budget_usd")]
    no_budget: bool,
    /// Do not wait for the end
    #[arg(long)]
    pub detach: bool,
}

impl Resume {
    /// Resumes the run.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = lookup::run(client, self.number).await?;
        let budget = self.budget_usd.map(|usd| json!({ "maxCostUsd": usd }));
        let input = json!({ "id": run["id"], "budget": budget, "removeBudget": self.no_budget });
        let mut interrupts = Interrupts::listen()?;
        let request = client.data(RESUME, json!({ "input": input }));
        let resumed = interrupts.unless(request).await?["resumeRun"]["run"].take();
        if self.detach {
            if output.is_json() {
                output::document(&resumed);
            } else {
                output::line(&format!("Run #{} is queued.", run["number"]));
            }
            return Ok(Exit::Success);
        }
        finish(client, Watched::of(&run, run["lastSequence"].as_i64().unwrap_or_default()), interrupts, output).await
    }
}

/// Write the accepted texts of a run to the database, as comments
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history apply 12 --plan
  gloss history apply 12
  gloss history apply 12 --overwrite")]
pub struct Apply {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    /// Write even where the comment has changed since the run read it
    #[arg(long)]
    overwrite: bool,
    /// Print the statements and write nothing
    #[arg(long, conflicts_with = "overwrite")]
    pub plan: bool,
}

impl Apply {
    /// Applies the run, or prints its plan.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = lookup::run(client, self.number).await?;
        if self.plan {
            return plan(client, &run, output).await;
        }
        write(client, (APPLY, "applyRun", What::Writes), run, self.overwrite, output).await
    }
}

/// Put back the comments that a run replaced
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history rollback 12
  gloss history rollback 12 --overwrite")]
pub struct Rollback {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    /// Put back the old comment even where the comment has changed since it was written
    #[arg(long)]
    overwrite: bool,
}

impl Rollback {
    /// Rolls the run back.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = lookup::run(client, self.number).await?;
        write(client, (ROLLBACK, "rollbackRun", What::RollsBack), run, self.overwrite, output).await
    }
}

/// Starts to write, and watches until everything is written.
async fn write(
    client: &Client,
    (operation, field, what): (Operation, &str, fn(u64) -> What),
    run: Value,
    overwrite: bool,
    output: Output,
) -> Result<Exit, CliError> {
    let mut interrupts = Interrupts::listen()?;
    let request = client.data(operation, json!({ "id": run["id"], "overwrite": overwrite }));
    let payload = interrupts.unless(request).await?[field].take();
    let total = payload["total"].as_u64().unwrap_or_default();
    let what = what(total);
    if total == 0 {
        let number = &run["number"];
        output::note(&match what {
            What::RollsBack(_) => {
                format!("There is nothing to put back: run #{number} has no comments in the database.")
            }
            _ => format!(
                "There is nothing to write: no accepted text waits. `gloss history review {number} --accept` accepts \
                 texts."
            ),
        });
        return Ok(Exit::Success);
    }
    let watched = Watched { what, ..Watched::of(&run, run["lastSequence"].as_i64().unwrap_or_default()) };
    finish(client, watched, interrupts, output).await
}

async fn finish(client: &Client, run: Watched, interrupts: Interrupts, output: Output) -> Result<Exit, CliError> {
    let runs = [run];
    watch(client, &runs, interrupts, output).await?;
    summary::print(client, &runs, output).await
}

async fn plan(client: &Client, run: &Value, output: Output) -> Result<Exit, CliError> {
    let variables = json!({ "run": run["id"], "rollback": false });
    let read = pages::read(client, PLAN, &variables, "/applyPlan", usize::MAX).await?;
    let (outcomes, _) = read.unwrap_or_default();
    if output.is_json() {
        output::document(&Value::Array(outcomes));
        return Ok(Exit::Success);
    }
    if outcomes.is_empty() {
        output::note("There is nothing to write: no accepted text waits for it.");
        return Ok(Exit::Success);
    }
    let mut prepared = HashSet::new();
    for outcome in &outcomes {
        output::print(planned(outcome, &mut prepared));
    }
    Ok(Exit::Success)
}

/// What is planned for an asset, as SQL: its statement, or a comment that says why there is none. `prepared` holds the
/// statements that others need, too, and that stand above.
fn planned(outcome: &Value, prepared: &mut HashSet<String>) -> String {
    let asset = output::text(&outcome["suggestion"]["asset"]["display"]);
    let why = match outcome["status"].as_str() {
        Some("CONFLICT") => format!(": conflict, the comment is now: {}", output::text(&outcome["before"])),
        Some("FAILED") => format!(": {}", output::message(&outcome["error"]["message"])),
        Some("UNCHANGED") => ": unchanged".to_owned(),
        Some("PLANNED") if outcome["before"].is_string() => format!(": replaces {}", output::text(&outcome["before"])),
        _ => String::new(),
    };
    let about = format!("-- {asset}{why}\n");
    if let Some(statement) = outcome["statement"].as_str().filter(|_| outcome["status"] == "PLANNED") {
        let mut statement = visible_lines(statement).into_owned();
        if statement.starts_with("CREATE TABLE IF NOT EXISTS")
            && let Some((first, rest)) = statement.split_once(";\n")
            && !prepared.insert(first.to_owned())
        {
            statement = rest.to_owned();
        }
        return format!("{about}{statement};\n");
    }
    about
}
