//! The command `gloss run`: starts a run and follows it to its end, or follows one that was started before.

mod display;
mod options;
pub mod summary;
pub mod watch;

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    lookup::{self, Profiles},
    operation::Operation,
    output::{self, counted},
    scope::{self, Target},
    values::{RunNumber, run_number, usd},
};
use options::Options;
use watch::{Interrupts, Watched, watch};

/// Reads the catalogs live. A name that does not exist is an error with its path.
pub const ESTIMATE: Operation = Operation(
    "query($input: StartRunInput!) { estimateRun(input: $input) {
        assets tables inherited requests inputTokens outputTokens costUsd } }",
);
const START: Operation = Operation(
    "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number status scopeSummary } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[ESTIMATE, START];

/// Describe tables and columns, and show the progress
///
/// Ctrl-C cancels the run and waits for its end; a second Ctrl-C ends the command at once. If the connection to the
/// server is lost, the command reconnects and continues with the next event.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Examples:
  gloss run demo
  gloss run demo:main.orders demo:main.customers.email
  gloss run shop/db:public --missing-only --exclude '*_bak'
  gloss run demo --model gpt --budget-usd 2.50 --apply
  gloss run demo --estimate
  gloss run demo --detach
  gloss run --follow 12

{}", Exit::help()))]
pub struct Run {
    /// What to describe: `profile[/database]:schema.table.column`, everything after the profile optional; several
    /// separated by spaces; a part with a dot, space, colon or slash in double quotes
    #[arg(required_unless_present = "follow", conflicts_with = "follow")]
    scope: Vec<String>,
    /// Write the first suggestion of each asset to the database, without review
    #[arg(long, conflicts_with = "follow")]
    apply: bool,
    /// Name of the LLM profile [default: the default profile]
    #[arg(long, value_name = "NAME", conflicts_with = "follow")]
    model: Option<String>,
    /// Leave out the tables that match, as in `*_bak` or `staging.*`; may be repeated
    #[arg(long, value_name = "PATTERN", conflicts_with = "follow")]
    exclude: Vec<String>,
    /// Pause the run before it costs more than this many United States dollars
    #[arg(long, value_name = "USD", value_parser = usd, conflicts_with = "follow")]
    budget_usd: Option<f64>,
    /// Print how much the run would cover and cost, and start nothing
    #[arg(long, conflicts_with_all = ["follow", "detach", "apply"])]
    estimate: bool,
    /// Start the run and do not wait for its end
    #[arg(long, conflicts_with = "follow")]
    detach: bool,
    /// Follow the run with this number, or the `last` one, instead of starting one
    #[arg(long, value_name = "N", value_parser = run_number)]
    follow: Option<RunNumber>,
    #[command(flatten)]
    options: Options,
}

impl ApiCommand for Run {
    fn needs(&self) -> Needs {
        if self.estimate || self.detach { Needs::Secrets } else { Needs::Workers }
    }

    fn may_create_store(&self) -> bool {
        true
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        if let Some(number) = self.follow {
            let run = lookup::run(client, number).await?;
            let interrupts = Interrupts::listen()?;
            return finish(client, vec![Watched::of(&run, 0)], interrupts, output).await;
        }
        let input = self.input(client).await?;
        // It reads the catalogs live, so a name that does not exist is found before anything starts.
        let estimate = client.data(ESTIMATE, json!({ "input": input })).await?["estimateRun"].take();
        if self.estimate {
            print_estimate(&estimate, output);
            return Ok(Exit::Success);
        }
        if estimate["assets"] == 0 {
            output::note(self.why_nothing());
        }
        let mut interrupts = Interrupts::listen()?;
        let started = interrupts.unless(client.start(START, input)).await?["startRun"]["runs"].take();
        if self.detach {
            print_started(client, &started, output);
            return Ok(Exit::Success);
        }
        let runs = started.as_array().into_iter().flatten().map(|run| Watched::of(run, 0)).collect();
        finish(client, runs, interrupts, output).await
    }
}

/// Watches runs to their ends, and prints how they ended.
///
/// # Errors
/// Returns the errors of [`watch()`] and [`summary::print`].
pub async fn finish(
    client: &Client,
    runs: Vec<Watched>,
    interrupts: Interrupts,
    output: Output,
) -> Result<Exit, CliError> {
    watch(client, &runs, interrupts, output).await?;
    summary::print(client, &runs, output).await
}

impl Run {
    /// Why a run describes nothing.
    fn why_nothing(&self) -> &'static str {
        match (self.exclude.is_empty(), self.options.missing_only) {
            (false, _) => "Warning: this run describes nothing: --exclude leaves out every table of the scope.",
            (true, true) => "This run describes nothing: everything in the scope has a comment.",
            (true, false) => {
                "Warning: this run describes nothing: the scope has no tables, or the profile excludes them."
            }
        }
    }

    /// The input of `startRun`.
    async fn input(&self, client: &Client) -> Result<Value, CliError> {
        let targets = scope::targets(scope::parse(&self.scope.join(" "))?);
        let profiles = Profiles::db(client).await?;
        let target = |target: &Target| {
            let id = profiles.id(&target.profile)?;
            let exclude = Some(&self.exclude).filter(|exclude| !exclude.is_empty());
            let (database, schemas) = (&target.database, target.schemas());
            let mut target = json!({ "dbProfileId": id, "database": database, "schemas": schemas, "exclude": exclude });
            if let Some(partitions) = self.options.partitions() {
                target["partitions"] = json!(partitions);
            }
            Ok(target)
        };
        let targets: Vec<Value> = targets.iter().map(target).collect::<Result<_, CliError>>()?;
        let model = lookup::model(client, self.model.as_deref()).await?;
        Ok(json!({
            "command": if self.apply { "RUN_APPLY" } else { "RUN" },
            "targets": targets,
            "llmProfileId": model,
            "options": self.options.json(),
            "budget": self.budget_usd.map(|usd| json!({ "maxCostUsd": usd })),
        }))
    }
}

fn print_estimate(estimate: &Value, output: Output) {
    if output.is_json() {
        return output::document(estimate);
    }
    let count = |field: &str, thing: &str| counted(output::number(&estimate[field]), thing);
    output::line(&format!(
        "{} in {}, {} of them certain by inheritance",
        count("assets", "asset"),
        count("tables", "table"),
        estimate["inherited"],
    ));
    output::line(&format!(
        "{}, about {} and {}, cost {}",
        count("requests", "request"),
        count("inputTokens", "input token"),
        count("outputTokens", "output token"),
        output::dollars(&estimate["costUsd"]),
    ));
}

/// Prints runs that were started and are not waited for.
pub fn print_started(client: &Client, runs: &Value, output: Output) {
    if output.is_json() {
        return output::document(runs);
    }
    for run in runs.as_array().into_iter().flatten() {
        let number = &run["number"];
        output::line(&format!("Run #{number} is queued: {}", output::text(&run["scopeSummary"])));
        let worker = if client.server().is_none() { "A server or this command executes it:" } else { "Follow it:" };
        output::note(&format!("{worker} gloss run --follow {number}"));
    }
}
