//! The command `gloss rerun`: describes chosen suggestions of a run again, as their next versions.

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    history::filter::Filter,
    lookup,
    operation::Operation,
    pages,
    run::{
        ESTIMATE, finish, print_started,
        watch::{Interrupts, Watched},
    },
    scope::{self, Scope, Target},
    values::{RunNumber, one_of, run_number, temperature, usd},
};
use crate::domain::{
    run::{VariationMode, Verbosity},
    text::some_of,
};

const CHOSEN: Operation = Operation(
    "query($number: Int!, $filter: SuggestionFilter, $first: Int, $after: String) { runByNumber(number: $number) {
        suggestions(filter: $filter, first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes {
            id asset { database schema table column display } } } } }",
);
const PROFILES: Operation =
    Operation("query($number: Int!) { runByNumber(number: $number) { dbProfile { id } llmProfile { id } } }");
const RERUN: Operation =
    Operation("mutation($input: RerunInput!) { rerun(input: $input) { runs { id number status scopeSummary } } }");

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[CHOSEN, PROFILES, RERUN];

/// Describe suggestions of a run again, with instructions, another model, or in other words
///
/// The new texts are versions of the old ones: accepting one version skips the others. Without a filter, the whole run
/// is repeated. Everything that is not given stays as it was in the run. Ctrl-C cancels the re-run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss rerun 12 --band low --instructions 'Amounts are in cents.'
  gloss rerun 12 --asset main.orders.status --model gpt --temperature 0.7
  gloss rerun 12 --state skipped --variations lexical
  gloss rerun 12 --detach")]
pub struct Rerun {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    #[command(flatten)]
    filter: Filter,
    /// Only the suggestion for this asset, as `gloss history results` prints it, or with this id; may be repeated
    #[arg(long, value_name = "ASSET")]
    asset: Vec<String>,
    /// Instructions for the model, up to 4,000 characters
    #[arg(long, value_name = "TEXT")]
    instructions: Option<String>,
    /// Name of another LLM profile
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Sampling temperature of the model, 0 to 2
    #[arg(long, value_name = "NUMBER", value_parser = temperature)]
    temperature: Option<f64>,
    /// Length of the descriptions
    #[arg(long, value_parser = one_of(Verbosity::ALL.iter().map(|it| it.as_str())), ignore_case = true)]
    verbosity: Option<String>,
    /// Rephrase the texts instead: the same meaning in other words, or a different plausible meaning
    #[arg(long, value_name = "HOW")]
    #[arg(value_parser = one_of(VariationMode::ALL.iter().map(|mode| mode.as_str())), ignore_case = true)]
    variations: Option<String>,
    /// Pause the re-run before it costs more than this many United States dollars
    #[arg(long, value_name = "USD", value_parser = usd)]
    budget_usd: Option<f64>,
    /// Start the re-run and do not wait for its end
    #[arg(long)]
    detach: bool,
}

impl ApiCommand for Rerun {
    fn needs(&self) -> Needs {
        if self.detach { Needs::Secrets } else { Needs::Workers }
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let input = self.input(client).await?;
        let mut interrupts = Interrupts::listen()?;
        let started = interrupts.unless(client.start(RERUN, input)).await?["rerun"]["runs"].take();
        if self.detach {
            print_started(client, &started, output);
            return Ok(Exit::Success);
        }
        let runs = started.as_array().into_iter().flatten().map(|run| Watched::of(run, 0)).collect();
        finish(client, runs, interrupts, output).await
    }
}

impl Rerun {
    /// The input of `rerun`.
    async fn input(&self, client: &Client) -> Result<Value, CliError> {
        let run = lookup::run(client, self.number).await?;
        let mut input = json!({
            "instructions": self.instructions,
            "llmProfileId": lookup::model(client, self.model.as_deref()).await?,
            "options": { "temperature": self.temperature, "verbosity": self.verbosity },
            "variations": self.variations,
            "budget": self.budget_usd.map(|usd| json!({ "maxCostUsd": usd })),
        });
        match self.chosen(client, &run["number"], &input["llmProfileId"]).await? {
            Some(ids) => input["suggestionIds"] = json!(ids),
            None => input["runId"] = run["id"].clone(),
        }
        Ok(input)
    }

    /// The ids of the suggestions of the run that match every filter; `None` if there is no filter.
    async fn chosen(&self, client: &Client, run: &Value, model: &Value) -> Result<Option<Vec<Value>>, CliError> {
        if self.filter == Filter::default() && self.asset.is_empty() {
            return Ok(None);
        }
        let variables = json!({ "number": run, "filter": self.filter.json() });
        let read = pages::read(client, CHOSEN, &variables, "/runByNumber/suggestions", usize::MAX).await?;
        let (mut suggestions, _) = read.unwrap_or_default();
        let is = |suggestion: &Value, asset: &String| {
            suggestion["asset"]["display"] == asset.as_str() || suggestion["id"] == asset.as_str()
        };
        let is_missing = |asset: &&String| !suggestions.iter().any(|suggestion| is(suggestion, asset));
        let missing: Vec<&str> = self.asset.iter().filter(is_missing).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(CliError::Usage(format!(
                "run #{run} has no suggestion for {} that matches; `gloss history results {run}` lists them",
                some_of(&missing, ", ")
            )));
        }
        if !self.asset.is_empty() {
            suggestions.retain(|suggestion| self.asset.iter().any(|asset| is(suggestion, asset)));
            check_assets(client, run, model, &suggestions).await?;
        }
        if suggestions.is_empty() {
            return Err(CliError::Usage(format!(
                "no suggestion of run #{run} matches; `gloss history results {run}` lists them"
            )));
        }
        Ok(Some(suggestions.iter_mut().map(|suggestion| suggestion["id"].take()).collect()))
    }
}

/// Refuses suggestions of assets that the database no longer has, before anything starts.
async fn check_assets(client: &Client, run: &Value, model: &Value, suggestions: &[Value]) -> Result<(), CliError> {
    let mut profiles = client.data(PROFILES, json!({ "number": run })).await?["runByNumber"].take();
    let profile = profiles["dbProfile"]["id"].take();
    let model = if model.is_null() { profiles["llmProfile"]["id"].take() } else { model.clone() };
    if profile.is_null() {
        // The re-run is refused, because it has no database.
        return Ok(());
    }
    let scope = |suggestion: &Value| {
        let part = |level: &str| suggestion["asset"][level].as_str().map(str::to_owned);
        let path = ["schema", "table", "column"].iter().map_while(|level| part(level)).collect();
        Scope { profile: String::new(), database: part("database"), path }
    };
    let target =
        |target: &Target| json!({ "dbProfileId": profile, "database": target.database, "schemas": target.schemas() });
    let targets: Vec<Value> = scope::targets(suggestions.iter().map(scope).collect()).iter().map(target).collect();
    client.data(ESTIMATE, json!({ "input": { "targets": targets, "llmProfileId": model } })).await.map(drop)
}
