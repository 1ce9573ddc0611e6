//! The command `gloss history results`.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        CliError, Client, Exit, Output, lookup,
        operation::Operation,
        output::{self, Tone},
        pages,
        table::Table,
        values::{one_of, run_number},
    },
    domain::{
        substance::Substance,
        suggestion::{ConfidenceBand, ReviewState},
    },
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
  gloss history results 12 --search email --json")]
pub struct Results {
    /// Number of the run
    #[arg(value_name = "N", value_parser = run_number)]
    number: i32,
    /// Maximum number of suggestions [default: all]
    #[arg(short = 'n', long, value_name = "N", value_parser = pages::limit)]
    limit: Option<usize>,
    /// Only suggestions in this review state; may be repeated
    #[arg(long, value_parser = one_of(ReviewState::ALL.iter().map(|state| state.as_str())), ignore_case = true)]
    state: Vec<String>,
    /// Only suggestions with this confidence; may be repeated
    #[arg(long, value_parser = one_of(ConfidenceBand::ALL.iter().map(|band| band.as_str())), ignore_case = true)]
    band: Vec<String>,
    /// Only suggestions of this substance; may be repeated
    #[arg(long, value_parser = one_of(Substance::ALL.iter().map(|it| it.as_str())), ignore_case = true)]
    substance: Vec<String>,
    /// Only suggestions with this text in their asset or description
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

impl Results {
    /// Prints the suggestions that match.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let some = |values: Vec<String>| Some(values).filter(|values| !values.is_empty());
        let filter = json!({
            "states": some(self.state),
            "bands": some(self.band),
            "substances": some(self.substance),
            "search": self.search,
        });
        let variables = json!({ "number": self.number, "filter": filter });
        let limit = self.limit.unwrap_or(usize::MAX);
        let read = pages::read(client, RESULTS, &variables, "/runByNumber/suggestions", limit).await?;
        let (suggestions, has_more) = read.ok_or_else(|| lookup::no_run(self.number))?;
        if output.is_json() {
            output::document(&Value::Array(suggestions));
            return Ok(Exit::Success);
        }
        if suggestions.is_empty() {
            output::note("No suggestions match.");
            return Ok(Exit::Success);
        }
        let mut table = Table::new(["ASSET", "CONFIDENCE", "REVIEW", "DESCRIPTION"]);
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
            output::note(&format!("Only the first {} are shown; -n shows more.", suggestions.len()));
        }
        Ok(Exit::Success)
    }
}
