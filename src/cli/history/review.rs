//! The command `gloss history review`: one decision on all suggestions that match.

use clap::{ArgGroup, Args};
use serde_json::json;

use crate::{
    cli::{
        CliError, Client, Exit, Output, lookup,
        operation::Operation,
        output,
        values::{one_of, run_number},
    },
    domain::{substance::Substance, suggestion::ConfidenceBand},
};

const REVIEW: Operation = Operation(
    "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) {
        changed leftOut run { number status } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[REVIEW];

/// Accept, skip or restore the suggestions of a run
///
/// The decision is on all suggestions, or on those that match every filter. Accepting leaves out comments and edited
/// texts that people wrote, unless --replace-comments is given.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("decision").args(["accept", "skip", "restore"]).required(true))]
#[command(after_help = "\
Examples:
  gloss history review 12 --accept --band high
  gloss history review 12 --skip --substance restates-name
  gloss history review 12 --restore --name public.orders")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Review {
    /// Number of the run
    #[arg(value_name = "N", value_parser = run_number)]
    number: i32,
    /// Accept: `gloss history apply` writes the texts
    #[arg(long)]
    accept: bool,
    /// Skip: nothing is written
    #[arg(long)]
    skip: bool,
    /// Make them undecided again
    #[arg(long)]
    restore: bool,
    /// Only suggestions with this confidence; may be repeated
    #[arg(long, value_parser = one_of(ConfidenceBand::ALL.iter().map(|band| band.as_str())), ignore_case = true)]
    band: Vec<String>,
    /// Only suggestions of this substance; may be repeated
    #[arg(long, value_parser = one_of(Substance::ALL.iter().map(|it| it.as_str())), ignore_case = true)]
    substance: Vec<String>,
    /// Only suggestions for assets with this text in their path
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Accept also in place of comments and edited texts that people wrote
    #[arg(long, requires = "accept")]
    replace_comments: bool,
}

impl Review {
    /// Records the decision.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if there is no such run, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let run = lookup::run(client, self.number).await?;
        let some = |values: Vec<String>| Some(values).filter(|values| !values.is_empty());
        let (decision, done) = match (self.accept, self.skip) {
            (true, _) => ("ACCEPT", "accepted"),
            (_, true) => ("SKIP", "skipped"),
            _ => ("RESTORE", "restored"),
        };
        let input = json!({
            "runId": run["id"],
            "decision": decision,
            "filter": { "bands": some(self.band), "substances": some(self.substance), "name": self.name },
            "replaceComments": self.replace_comments.then_some(true),
        });
        let payload = client.data(REVIEW, json!({ "input": input })).await?["reviewSuggestions"].take();
        if output.is_json() {
            output::document(&payload);
            return Ok(Exit::Success);
        }
        if payload["changed"] == 0 && payload["leftOut"] == 0 {
            output::note(&format!("Nothing changed: no suggestion matches, or all that match are {done} already."));
            return Ok(Exit::Success);
        }
        output::line(&format!("{} suggestions of run #{} {done}.", payload["changed"], self.number));
        if payload["leftOut"] != 0 {
            output::note(&format!(
                "{} left out, because people wrote their comments or texts; --replace-comments includes them.",
                payload["leftOut"]
            ));
        }
        if self.accept && payload["changed"] != 0 {
            output::note(&format!("Next: write them with `gloss history apply {}`", self.number));
        }
        Ok(Exit::Success)
    }
}
