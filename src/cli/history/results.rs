//! The command `gloss history results`.

use clap::Args;
use serde_json::{Value, json};

use super::filter::Filter;
use crate::cli::{
    CliError, Client, Exit, Output, lookup,
    operation::Operation,
    output::{self, Tone},
    pages,
    table::Table,
    values::{RunNumber, run_number},
};

const RESULTS: Operation = Operation(
    "query($number: Int!, $filter: SuggestionFilter, $order: SuggestionOrder, $first: Int, $after: String) {
        runByNumber(number: $number) { suggestions(filter: $filter, orderBy: $order, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage endCursor } nodes {
                id asset { kind database schema table column display } description finalText confidence band substance
                existingComment alternatives { index text confidence } evidence { source detail }
                review { state reviewer at } version applied { at } } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[RESULTS];

/// Print the suggestions of a run
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss history results 12
  gloss history results 12 --band low --state unreviewed
  gloss history results 12 --asset public.orders.status
  gloss history results 12 --search email --json")]
pub struct Results {
    /// Number of the run, or `last`
    #[arg(value_name = "N", value_parser = run_number)]
    number: RunNumber,
    /// Maximum number of suggestions [default: all]
    #[arg(short = 'n', long, value_name = "N", value_parser = pages::limit)]
    limit: Option<usize>,
    #[command(flatten)]
    filter: Filter,
    /// Only the suggestion for the asset with exactly this path
    #[arg(long, value_name = "PATH", conflicts_with = "name")]
    asset: Option<String>,
}

impl Results {
    /// Prints the suggestions that match.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let mut filter = self.filter.json();
        if let Some(path) = &self.asset {
            filter["name"] = json!(path);
        }
        let number = lookup::number(client, self.number).await?;
        let variables = json!({ "number": number, "filter": filter });
        let limit = self.limit.filter(|_| self.asset.is_none()).unwrap_or(usize::MAX);
        let read = pages::read(client, RESULTS, &variables, "/runByNumber/suggestions", limit).await?;
        let (mut suggestions, has_more) = read.ok_or_else(|| lookup::no_run(number))?;
        if let Some(path) = &self.asset {
            suggestions.retain(|suggestion| suggestion["asset"]["display"] == path.as_str());
        }
        if output.is_json() {
            output::document(&Value::Array(suggestions));
            return Ok(Exit::Success);
        }
        if suggestions.is_empty() {
            output::note("No suggestions match.");
            return Ok(Exit::Success);
        }
        let mut table = Table::new(["ASSET", "CONFIDENCE", "REVIEW", "DESCRIPTION"]).wrapping("DESCRIPTION");
        for suggestion in &suggestions {
            let tone = match suggestion["band"].as_str() {
                Some("HIGH") => Tone::Good,
                Some("LOW") => Tone::Bad,
                _ => Tone::Busy,
            };
            let state = if suggestion["applied"].is_null() {
                output::words(&suggestion["review"]["state"])
            } else {
                "applied".to_owned()
            };
            table.toned([
                (output::text(&suggestion["asset"]["display"]), Tone::Plain),
                (output::percent(&suggestion["confidence"]), tone),
                (state, Tone::Faint),
                (output::text(&suggestion["finalText"]), Tone::Plain),
            ]);
        }
        table.print();
        if has_more {
            let count = suggestions.len();
            let are = if count == 1 { "suggestion is" } else { &format!("{count} suggestions are") };
            output::note(&format!("Only the first {are} shown; -n shows more."));
        }
        Ok(Exit::Success)
    }
}
