//! The command `gloss history list`.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        CliError, Client, Exit, Needs, Output,
        lookup::Profiles,
        operation::{Operation, run_fields},
        output::{self, Tone},
        pages,
        table::Table,
        values::one_of,
    },
    domain::status::{RunKind, RunStatus},
};

const RUNS: Operation = Operation(concat!(
    "query($filter: RunFilter, $first: Int, $after: String) { runs(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { ",
    run_fields!(),
    " } } }"
));

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[RUNS];

/// List runs, newest first
///
/// Answers to questions (kind ask) are left out, unless --include-asks or --kind ask is given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history list
  gloss history list -n 5 --status ready-for-review
  gloss history list --profile demo --failed
  gloss history list --search orders --json")]
pub struct List {
    /// Maximum number of runs
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = pages::limit)]
    limit: usize,
    /// Only runs of this kind; may be repeated
    #[arg(long, value_parser = one_of(RunKind::ALL.iter().map(|kind| kind.as_str())), ignore_case = true)]
    kind: Vec<String>,
    /// Only runs in this status; may be repeated
    #[arg(long, value_parser = one_of(RunStatus::ALL.iter().map(|status| status.as_str())), ignore_case = true)]
    status: Vec<String>,
    /// Also answers to questions
    #[arg(long)]
    include_asks: bool,
    /// Only runs on this DB profile; may be repeated
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Only runs with this LLM profile; may be repeated
    #[arg(long, value_name = "NAME")]
    model: Vec<String>,
    /// Only runs with this label; may be repeated
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Only runs with failed assets
    #[arg(long)]
    failed: bool,
    /// Only runs with this text in their number, title, labels, scope, model or profile
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

impl List {
    /// What the command needs of the store: to find a profile by its name, also its secrets.
    pub const fn needs(&self) -> Needs {
        if self.profile.is_empty() && self.model.is_empty() { Needs::Records } else { Needs::Secrets }
    }

    /// Prints the runs that match.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for an unknown profile, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let filter = self.filter(client).await?;
        let read = pages::read(client, RUNS, &json!({ "filter": filter }), "/runs", self.limit).await?;
        let (runs, has_more) = read.unwrap_or_default();
        if output.is_json() {
            output::document(&Value::Array(runs));
            return Ok(Exit::Success);
        }
        if runs.is_empty() {
            output::note("No runs match. Start one with `gloss run`.");
            return Ok(Exit::Success);
        }
        let titles = ["RUN", "COMMAND", "SCOPE", "STATUS", "DURATION", "MODEL", "PROFILE", "STARTED"];
        let table = Table::new(titles).cutting(&["SCOPE", "MODEL", "PROFILE"]);
        let mut table = table.dropping(&["STARTED", "DURATION", "PROFILE", "MODEL"]);
        for run in &runs {
            let started = if run["startedAt"].is_null() { &run["createdAt"] } else { &run["startedAt"] };
            let model = run["model"].as_str().and_then(|model| model.rsplit('/').next()).map(|model| json!(model));
            let plain = |text: String| (text, Tone::Plain);
            table.toned([
                plain(format!("#{}", run["number"])),
                plain(output::words(&run["command"])),
                plain(output::text(&run["scopeSummary"])),
                (output::words(&run["status"]), Tone::of_status(run["status"].as_str().unwrap_or_default())),
                plain(output::seconds(&run["durationSeconds"])),
                plain(output::text(&model.unwrap_or_default())),
                plain(output::text(&run["dbProfileName"])),
                (output::time(started), Tone::Faint),
            ]);
        }
        table.print();
        if has_more {
            let are = if runs.len() == 1 { "run is" } else { &format!("{} runs are", runs.len()) };
            output::note(&format!("Only the newest {are} shown; -n shows more."));
        }
        Ok(Exit::Success)
    }

    async fn filter(&self, client: &Client) -> Result<Value, CliError> {
        let some = |values: &Vec<String>| Some(values.clone()).filter(|values| !values.is_empty());
        let kinds = some(&self.kind).or_else(|| {
            let without_asks = RunKind::ALL.iter().filter(|kind| **kind != RunKind::Ask);
            (!self.include_asks).then(|| without_asks.map(|kind| kind.as_str().to_owned()).collect())
        });
        let db_profiles = match some(&self.profile) {
            Some(names) => Some(Profiles::db(client).await?.ids(&names)?),
            None => None,
        };
        let llm_profiles = match some(&self.model) {
            Some(names) => Some(Profiles::llm(client).await?.ids(&names)?),
            None => None,
        };
        Ok(json!({
            "kinds": kinds,
            "statuses": some(&self.status),
            "dbProfileIds": db_profiles,
            "llmProfileIds": llm_profiles,
            "labels": some(&self.label),
            "hasFailures": self.failed.then_some(true),
            "search": self.search,
        }))
    }
}
