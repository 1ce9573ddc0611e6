//! A decision by flags: on one asset, or on all suggestions that match.
//!
//! The rule: a decision on many replaces no decision that a person took, unless --state names its state. The command
//! says how many suggestions it left alone, and why.

use std::io::Read as _;

use serde_json::{Value, json};

use super::{Review, progress::Progress};
use crate::{
    cli::{
        CliError, Client, Exit, Output,
        history::filter::{Filter, suggestion_for},
        lookup,
        operation::Operation,
        output::{self, counted, number},
    },
    domain::suggestion::ReviewState,
};

const REVIEW: Operation = Operation(
    "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) {
        changed leftOut run { number status reviewCounts { unreviewed accepted edited skipped applied } } } }",
);
const LEFT: Operation = Operation(
    "query($run: ID!, $decided: SuggestionFilter, $newer: SuggestionFilter) { node(id: $run) { ... on Run {
        status reviewCounts { unreviewed accepted edited skipped applied }
        decided: suggestions(filter: $decided, first: 0) { totalCount }
        newer: suggestions(filter: $newer, first: 0) { totalCount } } } }",
);

/// The documents of the decisions by flags.
pub const OPERATIONS: &[Operation] = &[REVIEW, LEFT];

/// A decision in the words of the API and of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Accept,
    Skip,
    Restore,
}

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Skip => "SKIP",
            Self::Restore => "RESTORE",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Skip => "skipped",
            Self::Restore => "restored",
        }
    }
}

/// Records the decision of the flags.
///
/// # Errors
/// Returns [`CliError::Usage`] if there is no such run, asset or alternative, [`CliError::File`] if the text cannot be
/// read, and the errors of [`Client::data`].
pub async fn decide(review: &Review, client: &Client, output: Output) -> Result<Exit, CliError> {
    let run = lookup::run(client, review.number).await?;
    let verb = match (review.accept, review.skip) {
        (true, _) => Verb::Accept,
        (_, true) => Verb::Skip,
        _ => Verb::Restore,
    };
    match &review.asset {
        Some(path) => one(review, path, verb, client, &run, output).await,
        None => many(review, verb, client, &run, output).await,
    }
}

/// Decides on the suggestion of one asset, whatever its state is.
async fn one(
    review: &Review,
    path: &str,
    verb: Verb,
    client: &Client,
    run: &Value,
    output: Output,
) -> Result<Exit, CliError> {
    let suggestion = suggestion_for(client, run, path).await?;
    let count = suggestion["alternatives"].as_array().map_or(0, Vec::len);
    if let Some(number) = review.alternative.filter(|number| *number > count) {
        let message = format!("{path} has no alternative {number}; choose one from 1 to {count}");
        return Err(CliError::Usage(message));
    }
    let input = json!({
        "ids": [suggestion["id"]],
        "decision": verb.name(),
        "alternative": review.alternative.map(|number| number - 1),
        "text": review.text()?,
    });
    let payload = client.data(REVIEW, json!({ "input": input })).await?["reviewSuggestions"].take();
    if output.is_json() {
        output::document(&payload);
    } else if payload["changed"] == 0 {
        output::note(&format!("Nothing changed: {path} is {} like this already.", verb.done()));
    } else {
        output::line(&format!("{path} of run #{} {}.", run["number"], verb.done()));
        next(verb, &run["number"], &Progress::of(&payload["run"]));
    }
    Ok(Exit::Success)
}

/// Decides on all suggestions that match.
async fn many(review: &Review, verb: Verb, client: &Client, run: &Value, output: Output) -> Result<Exit, CliError> {
    let is_open = review.filter.states.is_empty();
    // What a person decided on stays, unless its state is named. To restore means to take decisions back.
    let keeps_decisions = is_open && verb != Verb::Restore;
    let states = |states: &[ReviewState]| Filter {
        states: states.iter().map(|state| state.as_str().to_owned()).collect(),
        ..review.filter.clone()
    };
    let filter = if keeps_decisions { states(&[ReviewState::Unreviewed]) } else { review.filter.clone() };
    let input = json!({
        "runId": run["id"],
        "decision": verb.name(),
        "filter": filter.json(),
        "replaceComments": review.replace_comments.then_some(true),
    });
    let mut payload = client.data(REVIEW, json!({ "input": input })).await?["reviewSuggestions"].take();
    let mut newer = filter.json();
    newer["hasNewerVersion"] = json!(true);
    let decided = states(&[ReviewState::Accepted, ReviewState::Edited, ReviewState::Skipped]).json();
    let variables = json!({ "run": run["id"], "decided": decided, "newer": newer });
    let now = client.data(LEFT, variables).await?["node"].take();
    let changed = number(&payload["changed"]);
    // What was decided just now is decided, too.
    let decided = number(&now["decided"]["totalCount"]).saturating_sub(changed);
    let left = Left {
        decided: if keeps_decisions { decided } else { 0 },
        newer: if verb == Verb::Accept { number(&now["newer"]["totalCount"]) } else { 0 },
        by_people: number(&payload["leftOut"]),
    };
    if output.is_json() {
        payload["alreadyDecided"] = json!(left.decided);
        payload["newerVersion"] = json!(left.newer);
        output::document(&payload);
        return Ok(Exit::Success);
    }
    let progress = Progress::of(&now);
    if changed > 0 {
        let what = counted(changed, "suggestion");
        output::line(&format!("{what} of run #{} {}.", run["number"], verb.done()));
    } else if left == Left::default() {
        let already = if keeps_decisions { String::new() } else { format!(", or all are {} already", verb.done()) };
        output::note(&format!("Nothing changed: no suggestion matches{already}."));
    } else {
        output::note("Nothing changed.");
    }
    left.tell();
    output::line(&progress.sentence(&run["number"]));
    if changed > 0 {
        next(verb, &run["number"], &progress);
    }
    Ok(Exit::Success)
}

/// How many suggestions that match a decision left alone, and why.
#[derive(Debug, Default, PartialEq, Eq)]
struct Left {
    /// A person decided on them before.
    decided: usize,
    /// Another run has a newer version.
    newer: usize,
    /// People wrote their comments or texts.
    by_people: usize,
}

impl Left {
    fn tell(&self) {
        let reasons = [
            (self.decided, "decided before", "to decide again, name their state with --state"),
            (self.newer, "with a newer version in another run", "review that version, or name the asset with --asset"),
            (
                self.by_people,
                "with a comment or text that a person wrote",
                "--replace-comments accepts also in place of these",
            ),
        ];
        for (count, why, what_to_do) in reasons.into_iter().filter(|(count, ..)| *count > 0) {
            output::note(&format!("Left alone: {} {why}; {what_to_do}.", counted(count, "suggestion")));
        }
    }
}

/// Says what to do after an accept.
fn next(verb: Verb, run: &Value, progress: &Progress) {
    if verb == Verb::Accept && progress.to_apply > 0 {
        output::note(&format!("Next: write them with `gloss history apply {run}`"));
    }
}

impl Review {
    /// The reviewer's own text.
    fn text(&self) -> Result<Option<String>, CliError> {
        let Some(file) = &self.text_file else { return Ok(self.text.clone()) };
        let read = if file.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        } else {
            std::fs::read_to_string(file)
        };
        let text = read.map_err(|source| CliError::File { path: file.display().to_string(), source })?;
        Ok(Some(text.trim().to_owned()))
    }
}
