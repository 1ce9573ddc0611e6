//! The command `gloss history compare`.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::{
    CliError, Client, Exit, Output, lookup,
    operation::Operation,
    output::{self, Tone},
    table::Table,
    values::run_number,
};

const COMPARE: Operation = Operation(
    "query($ids: [ID!]!, $baseline: ID) { compareRuns(ids: $ids, baselineId: $baseline) {
        runs { id number } complete differences { setting values } metrics { name direction unit values winners } } }",
);
const EXPORT: Operation = Operation(
    "query($ids: [ID!]!, $baseline: ID, $format: ExportFormat!) { compareRuns(ids: $ids, baselineId: $baseline) {
        export(format: $format) } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[COMPARE, EXPORT];

/// Compare two to four runs: settings, metrics and, with --format, every text
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history compare 3 4
  gloss history compare 3 4 5 --baseline 3
  gloss history compare 3 4 --format csv > comparison.csv")]
pub struct Compare {
    /// Numbers of the runs
    #[arg(value_name = "N", num_args = 2..=4, required = true, value_parser = run_number)]
    numbers: Vec<i32>,
    /// Number of the run whose texts are the references
    #[arg(long, value_name = "N", value_parser = run_number)]
    baseline: Option<i32>,
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
    /// Prints the comparison.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if one of the runs does not exist, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let mut ids = Vec::new();
        for number in &self.numbers {
            ids.push(lookup::run(client, *number).await?["id"].take());
        }
        let baseline = match self.baseline {
            Some(number) => lookup::run(client, number).await?["id"].take(),
            None => Value::Null,
        };
        if let Some(format) = self.format {
            let format = match format {
                Format::Csv => "CSV",
                Format::Json => "JSON",
                Format::Md => "MARKDOWN",
            };
            let variables = json!({ "ids": ids, "baseline": baseline, "format": format });
            let data = client.data(EXPORT, variables).await?;
            output::print(data["compareRuns"]["export"].as_str().unwrap_or_default());
            return Ok(Exit::Success);
        }
        let comparison = client.data(COMPARE, json!({ "ids": ids, "baseline": baseline })).await?["compareRuns"].take();
        if output.is_json() {
            output::document(&comparison);
        } else {
            print(&comparison);
        }
        Ok(Exit::Success)
    }
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
            let values = difference["values"].as_array().into_iter().flatten().map(output::text);
            table.row(std::iter::once(output::text(&difference["setting"])).chain(values));
        }
        table.print();
        output::line("");
    }
    let mut table = Table::with_titles(titles("METRIC"));
    for metric in comparison["metrics"].as_array().into_iter().flatten() {
        let winners = metric["winners"].as_array().map(Vec::as_slice).unwrap_or_default();
        let values = metric["values"].as_array().into_iter().flatten().zip(&runs).map(|(value, run)| {
            let text = value.as_f64().map_or_else(|| "-".to_owned(), number);
            if winners.contains(&run["id"]) { (format!("{text} *"), Tone::Good) } else { (text, Tone::Plain) }
        });
        table.toned(std::iter::once((output::words(&metric["name"]), Tone::Plain)).chain(values));
    }
    table.print();
    output::line("* best value");
    if comparison["complete"] == false {
        output::note("Not all of the runs have ended; the figures can still change.");
    }
}

/// A figure, without needless digits.
fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
