//! The command `gloss history compare`: prints a comparison, and lets a model judge the texts before.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::{
    CliError, Client, Exit, Needs, Output,
    lookup::{self, Profiles},
    operation::Operation,
    output::{self, Tone, counted},
    run::{
        finish,
        watch::{Interrupts, Watched, What},
    },
    table::Table,
    values::{RunNumber, run_number, usd},
};

const COMPARE: Operation = Operation(
    "query($ids: [ID!]!, $baseline: ID) { compareRuns(ids: $ids, baselineId: $baseline) {
        runs { id number } complete differences { setting values } metrics { name direction unit values winners } } }",
);
const EXPORT: Operation = Operation(
    "query($ids: [ID!]!, $baseline: ID, $format: ExportFormat!) { compareRuns(ids: $ids, baselineId: $baseline) {
        export(format: $format) } }",
);
const ESTIMATE: Operation = Operation(
    "query($input: JudgeRunsInput!) { estimateJudge(input: $input) {
        pairs requests inputTokens outputTokens costUsd } }",
);
const JUDGE: Operation = Operation(
    "mutation($input: JudgeRunsInput!) { judgeRuns(input: $input) { run { id number status scopeSummary } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[COMPARE, EXPORT, ESTIMATE, JUDGE];

/// Compare two to four runs: settings, metrics and, with --format, every text
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history compare 3 4
  gloss history compare 3 4 5 --baseline 3
  gloss history compare 3 4 --judge gpt --estimate
  gloss history compare 3 4 --judge gpt --budget-usd 0.50
  gloss history compare 3 4 --format csv > comparison.csv")]
pub struct Compare {
    /// Numbers of the runs; `last` is the newest one
    #[arg(value_name = "N", num_args = 2..=4, required = true, value_parser = run_number)]
    numbers: Vec<RunNumber>,
    /// Number of the run whose texts are the references
    #[arg(long, value_name = "N", value_parser = run_number)]
    baseline: Option<RunNumber>,
    /// Let the model of this LLM profile judge which texts are better, and wait for its verdicts
    #[arg(long, value_name = "NAME")]
    judge: Option<String>,
    /// Pause the judge before it costs more than this many United States dollars
    #[arg(long, value_name = "USD", value_parser = usd, requires = "judge")]
    budget_usd: Option<f64>,
    /// Print what the judge would cost, and start nothing
    #[arg(long, requires = "judge", conflicts_with_all = ["format", "budget_usd"])]
    estimate: bool,
    /// Print the whole comparison in this format
    #[arg(long, value_enum, conflicts_with = "json")]
    format: Option<Format>,
}

/// The format of a comparison.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Format {
    /// One table.
    Csv,
    /// One object.
    Json,
    /// Markdown, with winners in bold.
    Md,
}

impl Compare {
    /// Returns what the command needs.
    pub fn needs(&self) -> Needs {
        match (&self.judge, self.estimate) {
            (None, _) => Needs::Records,
            (Some(_), true) => Needs::Secrets,
            (Some(_), false) => Needs::Workers,
        }
    }

    /// Prints the comparison, after the verdicts of the judge if there is one.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if one of the runs or the judge does not exist, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let mut ids = Vec::new();
        for number in &self.numbers {
            ids.push(lookup::run(client, *number).await?["id"].take());
        }
        let baseline = match self.baseline {
            Some(number) => lookup::run(client, number).await?["id"].take(),
            None => Value::Null,
        };
        let mut exit = Exit::Success;
        if let Some(judge) = &self.judge {
            let budget = self.budget_usd.map(|usd| json!({ "maxCostUsd": usd }));
            let judge = Profiles::llm(client).await?.id(judge)?;
            let input = json!({ "runIds": ids, "llmProfileId": judge, "budget": budget });
            if self.estimate {
                let estimate = client.data(ESTIMATE, json!({ "input": input })).await?["estimateJudge"].take();
                print_estimate(&estimate, output);
                return Ok(Exit::Success);
            }
            let mut interrupts = Interrupts::listen()?;
            let started = interrupts.unless(client.start(JUDGE, input)).await?["judgeRuns"]["run"].take();
            let runs = [Watched { what: What::Verdicts, ..Watched::of(&started, 0) }];
            exit = finish(client, runs.into(), interrupts, output).await?;
            output::note("");
        }
        if let Some(format) = self.format {
            let format = match format {
                Format::Csv => "CSV",
                Format::Json => "JSON",
                Format::Md => "MARKDOWN",
            };
            let variables = json!({ "ids": ids, "baseline": baseline, "format": format });
            let data = client.data(EXPORT, variables).await?;
            output::print(data["compareRuns"]["export"].as_str().unwrap_or_default());
            return Ok(exit);
        }
        let comparison = client.data(COMPARE, json!({ "ids": ids, "baseline": baseline })).await?["compareRuns"].take();
        if output.is_json() {
            output::document(&comparison);
        } else {
            print(&comparison);
        }
        Ok(exit)
    }
}

fn print_estimate(estimate: &Value, output: Output) {
    if output.is_json() {
        return output::document(estimate);
    }
    let tokens = |name: &str| output::text(&estimate[name]);
    let cost = output::dollars(&estimate["costUsd"]);
    output::line(&format!(
        "{} of texts, {}, about {} tokens sent and {} received, cost {cost}",
        counted(output::number(&estimate["pairs"]), "pair"),
        counted(output::number(&estimate["requests"]), "request"),
        tokens("inputTokens"),
        tokens("outputTokens"),
    ));
}

fn print(comparison: &Value) {
    let runs: Vec<&Value> = comparison["runs"].as_array().into_iter().flatten().collect();
    let titles = |first: &str| {
        std::iter::once(first.to_owned()).chain(runs.iter().map(|run| format!("#{}", run["number"]))).collect()
    };
    let differences: Vec<&Value> = comparison["differences"].as_array().into_iter().flatten().collect();
    if !differences.is_empty() {
        let mut table = Table::with_titles(titles("SETTING"));
        for difference in differences {
            let setting = difference["setting"].as_str().unwrap_or_default();
            let values = difference["values"].as_array().into_iter().flatten();
            table.row(std::iter::once(setting_name(setting)).chain(values.map(|value| setting_value(setting, value))));
        }
        table.print();
        output::line("");
    }
    let mut table = Table::with_titles(titles("METRIC"));
    for metric in comparison["metrics"].as_array().into_iter().flatten() {
        let winners = metric["winners"].as_array().map(Vec::as_slice).unwrap_or_default();
        let values = metric["values"].as_array().into_iter().flatten().zip(&runs).map(|(value, run)| {
            let text = figure(value, metric["unit"].as_str());
            if winners.contains(&run["id"]) { (format!("{text} *"), Tone::Good) } else { (text, Tone::Plain) }
        });
        table.toned(std::iter::once((metric_name(&metric["name"]), Tone::Plain)).chain(values));
    }
    table.print();
    output::line("* best value");
    if comparison["complete"] == false {
        output::note("Not all of the runs have ended; the figures can still change.");
    }
}

/// A setting in words.
fn setting_name(setting: &str) -> String {
    match setting {
        "dbProfile" => "DB profile".to_owned(),
        "llmProfile" => "LLM profile".to_owned(),
        "parent" => "repeats".to_owned(),
        "scope.exclude" => "left out".to_owned(),
        "budget.maxCostUsd" => "budget in USD".to_owned(),
        "budget.maxTokens" => "budget in tokens".to_owned(),
        "budget.maxSeconds" => "budget in seconds".to_owned(),
        _ => {
            let name = setting.rsplit('.').next().unwrap_or_default();
            let word = |c: char| if c.is_uppercase() { format!(" {}", c.to_lowercase()) } else { c.to_string() };
            name.chars().map(word).collect()
        }
    }
}

/// The value of a setting, in words if the API has a list of its values.
fn setting_value(setting: &str, value: &Value) -> String {
    const LISTED: [&str; 7] =
        ["kind", "command", "status", "provider", "scope.partitions", "options.verbosity", "variations"];
    match value.as_str() {
        Some(_) if LISTED.contains(&setting) => output::words(value),
        Some("true") => "yes".to_owned(),
        Some("false") => "no".to_owned(),
        _ => output::text(value),
    }
}

/// A metric in words.
fn metric_name(name: &Value) -> String {
    match name.as_str() {
        Some("WALL_SECONDS") => "duration".to_owned(),
        Some("MODEL_SECONDS") => "waited for the model".to_owned(),
        Some("COST_USD") => "cost".to_owned(),
        Some("AVERAGE_LOGPROB") => "mean log-probability of a token".to_owned(),
        Some("AVERAGE_CONFIDENCE") => "mean confidence".to_owned(),
        Some("HIGH_CONFIDENCE_SHARE") => "high confidence".to_owned(),
        Some("MEDIUM_CONFIDENCE_SHARE") => "medium confidence".to_owned(),
        Some("LOW_CONFIDENCE_SHARE") => "low confidence".to_owned(),
        Some("APPROVAL_RATE") => "accepted of those decided".to_owned(),
        Some("TYPE_TOKEN_RATIO") => "distinct words".to_owned(),
        Some("SCHEMA_GROUNDING") => "words of the names mentioned".to_owned(),
        Some("INFORMATIVE_SHARE") => "informative".to_owned(),
        Some("AGREEMENT") => "like the other runs (chrF)".to_owned(),
        Some("CHRF") => "like the reference (chrF)".to_owned(),
        Some("ROUGE_L") => "like the reference (ROUGE-L)".to_owned(),
        Some("EDIT_SIMILARITY") => "like the reference (edits)".to_owned(),
        Some("WIN_RATE") => "preferred by the judge".to_owned(),
        _ => output::words(name),
    }
}

/// A value with its unit. Shares, which have none, are percentages.
fn figure(value: &Value, unit: Option<&str>) -> String {
    match (value.as_f64(), unit) {
        (None, _) => "-".to_owned(),
        (Some(_), Some("s")) => output::seconds(value),
        (Some(_), Some("USD")) => output::dollars(value),
        (Some(share), None) => format!("{:.1} %", share * 100.0),
        (Some(number), Some(_)) if number.fract() == 0.0 => format!("{number:.0}"),
        (Some(number), Some(_)) => format!("{number:.3}"),
    }
}
