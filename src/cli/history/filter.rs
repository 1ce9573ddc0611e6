//! Which suggestions of a run a command shows, decides on or describes again. The commands `gloss history results`,
//! `gloss history review` and `gloss rerun` share these options.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{CliError, Client, operation::Operation, pages, values::one_of},
    domain::{
        substance::Substance,
        suggestion::{ConfidenceBand, ReviewState},
    },
};

const NAMED: Operation = Operation(
    "query($run: ID!, $filter: SuggestionFilter, $first: Int, $after: String) { node(id: $run) { ... on Run {
        suggestions(filter: $filter, orderBy: { field: NAME }, first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { id asset { display } alternatives { index } } } } } }",
);

/// The documents of the look-up.
pub const OPERATIONS: &[Operation] = &[NAMED];

/// A filter of suggestions. What is empty does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Filter {
    /// Only suggestions in this review state; may be repeated
    #[arg(long = "state", value_name = "STATE", ignore_case = true,
        value_parser = one_of(ReviewState::ALL.iter().map(|state| state.as_str())))]
    pub states: Vec<String>,
    /// Only suggestions with this confidence; may be repeated
    #[arg(long = "band", value_name = "BAND", ignore_case = true,
        value_parser = one_of(ConfidenceBand::ALL.iter().map(|band| band.as_str())))]
    pub bands: Vec<String>,
    /// Only suggestions of this substance; may be repeated
    #[arg(long = "substance", value_name = "SUBSTANCE", ignore_case = true,
        value_parser = one_of(Substance::ALL.iter().map(|it| it.as_str())))]
    pub substances: Vec<String>,
    /// Only suggestions for assets with this text in their path
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Only suggestions with this text in their asset or description
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
}

impl Filter {
    /// The filter as the API takes it.
    #[must_use]
    pub fn json(&self) -> Value {
        let some = |values: &[String]| Some(values.to_vec()).filter(|values| !values.is_empty());
        json!({
            "states": some(&self.states),
            "bands": some(&self.bands),
            "substances": some(&self.substances),
            "name": self.name,
            "search": self.search,
        })
    }
}

/// Returns a run's suggestion for the asset with exactly this path, as `gloss history results` prints it: its `id` and
/// `alternatives`.
///
/// # Errors
/// Returns [`CliError::Usage`] if the run has none, and the errors of [`Client::data`].
pub async fn suggestion_for(client: &Client, run: &Value, path: &str) -> Result<Value, CliError> {
    let variables = json!({ "run": run["id"], "filter": { "name": path } });
    let read = pages::read(client, NAMED, &variables, "/node/suggestions", usize::MAX).await?;
    let (found, _) = read.unwrap_or_default();
    let exact = found.into_iter().find(|suggestion| suggestion["asset"]["display"] == path);
    exact.ok_or_else(|| {
        let number = &run["number"];
        CliError::Usage(format!(
            "run #{number} has no suggestion for {path:?}; write the whole path, as `gloss history results {number}` \
             prints it"
        ))
    })
}
