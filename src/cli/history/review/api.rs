//! What the review asks of the API. Every function here can be called again if its answer was lost.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    progress::Progress,
    suggestion::{Decision, Details, Review, Suggestion, Version},
};
use crate::{
    cli::{
        CliError, Client,
        client::Events,
        history::filter::Filter,
        operation::Operation,
        output::{self, number as count},
    },
    domain::Code,
};

/// The fields of a suggestion that the list needs. A macro, because only literals can be joined into a constant.
macro_rules! fields {
    () => {
        "id asset { kind display } description finalText confidence band substance reasoning existingComment
        alternatives { text confidence } evidence { source detail } review { state reviewer text } version
        applied { at }"
    };
}

const OPEN: Operation = Operation(
    "query($number: Int!) { viewer { name } runByNumber(number: $number) {
        id number kind status scopeSummary dbProfileName
        reviewCounts { unreviewed accepted edited skipped applied } } }",
);
const PAGE: Operation = Operation(concat!(
    "query($run: ID!, $filter: SuggestionFilter, $first: Int, $after: String, $last: Int, $before: String) {
        node(id: $run) { ... on Run { suggestions(
            filter: $filter, first: $first, after: $after, last: $last, before: $before
        ) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { ",
    fields!(),
    " } } } } }"
));
const SOME: Operation =
    Operation(concat!("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Suggestion { ", fields!(), " } } }"));
const DETAILS: Operation = Operation(
    "query($id: ID!, $comment: String, $hasComment: Boolean!) {
        node(id: $id) { ... on Suggestion { versions { id version finalText run { number } review { state } } } }
        appliedComments(filter: { search: $comment }, first: 200) @include(if: $hasComment) { nodes {
            asset { kind display } after suggestion { review { state } } } } }",
);
const UNREVIEWED: Operation = Operation(
    "query($run: ID!, $filter: SuggestionFilter, $first: Int, $after: String) { node(id: $run) { ... on Run {
        suggestions(filter: $filter, first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { id existingComment } } } } }",
);
const DECIDED: Operation =
    Operation("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Suggestion { id review { state reviewer text } } } }");
const DECIDE: Operation = Operation(concat!(
    "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed leftOut suggestions { ",
    fields!(),
    " } run { status reviewCounts { unreviewed accepted edited skipped applied } } } }"
));
const CHANGES: Operation = Operation(concat!(
    "subscription($run: ID!) { suggestionsChanged(runId: $run) { all suggestions { ",
    fields!(),
    " } run { status reviewCounts { unreviewed accepted edited skipped applied } } } }"
));

/// The documents of the interactive review.
pub const OPERATIONS: &[Operation] = &[OPEN, PAGE, SOME, DETAILS, UNREVIEWED, DECIDED, DECIDE, CHANGES];

/// The number of suggestions in a page.
pub const PAGE_SIZE: usize = 100;
/// The largest number of records that the API reads by id.
const MAX_NODES: usize = 200;
/// The largest number of suggestions that one decision may name.
const MAX_NAMED: usize = 10_000;

/// A run and the caller that reviews it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its global id.
    pub id: String,
    /// Its number.
    pub number: i64,
    /// What it covers, with its profile.
    pub scope: String,
    /// The name under which the API records the caller's decisions.
    pub reviewer: String,
    /// How far the review is.
    pub progress: Progress,
}

/// Which page of the list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The first page.
    First,
    /// The last page.
    Last,
    /// The page after this cursor.
    After(String),
    /// The page before this cursor.
    Before(String),
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its suggestions.
    pub suggestions: Vec<Suggestion>,
    /// The cursor of the first one.
    pub start: String,
    /// The cursor of the last one.
    pub end: String,
    /// Whether there are suggestions before it.
    pub has_before: bool,
    /// Whether there are suggestions after it.
    pub has_after: bool,
    /// The number of all suggestions that match the filter.
    pub total: usize,
}

/// Reads the run with this number; `None` if there is none.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn open(client: &Client, number: i32) -> Result<Option<Run>, CliError> {
    let data = client.data(OPEN, json!({ "number": number })).await?;
    let run = &data["runByNumber"];
    let profile = output::text(&run["dbProfileName"]);
    Ok(run["id"].as_str().map(|id| Run {
        id: id.to_owned(),
        number: run["number"].as_i64().unwrap_or_default(),
        scope: format!("{profile}: {}", output::text(&run["scopeSummary"])),
        reviewer: data["viewer"]["name"].as_str().unwrap_or_default().to_owned(),
        progress: Progress::of(run),
    }))
}

/// Reads a page of the list.
///
/// # Errors
/// Returns the errors of [`Client::data`], and [`CliError::Refused`] if the run has been deleted.
pub async fn page(client: &Client, run: &str, filter: &Filter, place: &Place) -> Result<Page, CliError> {
    let mut variables = json!({ "run": run, "filter": filter.json() });
    let (size, cursor) = match place {
        Place::First => ("first", None),
        Place::Last => ("last", None),
        Place::After(cursor) => ("first", Some(("after", cursor))),
        Place::Before(cursor) => ("last", Some(("before", cursor))),
    };
    variables[size] = json!(PAGE_SIZE);
    if let Some((name, cursor)) = cursor {
        variables[name] = json!(cursor);
    }
    let mut data = client.data(PAGE, variables).await?;
    let mut list = data["node"]["suggestions"].take();
    if list.is_null() {
        return Err(deleted());
    }
    let info = &list["pageInfo"];
    let text = |field: &str| info[field].as_str().unwrap_or_default().to_owned();
    Ok(Page {
        start: text("startCursor"),
        end: text("endCursor"),
        has_before: info["hasPreviousPage"] == true,
        has_after: info["hasNextPage"] == true,
        total: count(&list["totalCount"]),
        suggestions: read(list["nodes"].take())?,
    })
}

/// Reads the details of a suggestion.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn details(client: &Client, suggestion: &Suggestion) -> Result<Details, CliError> {
    let comment = suggestion.existing_comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty());
    let variables = json!({ "id": suggestion.id, "comment": comment, "hasComment": comment.is_some() });
    let data = client.data(DETAILS, variables).await?;
    let versions = data["node"]["versions"].as_array().into_iter().flatten();
    let version = |version: &Value| Version {
        number: version["version"].as_u64().unwrap_or_default(),
        run: version["run"]["number"].as_u64().unwrap_or_default(),
        text: version["finalText"].as_str().unwrap_or_default().to_owned(),
        state: output::words(&version["review"]["state"]),
    };
    // A person's own words stay a person's, also if Gloss wrote them.
    let is_by_gloss = |write: &Value| {
        write["asset"]["display"] == suggestion.asset.display.as_str()
            && write["after"].as_str() == suggestion.existing_comment.as_deref()
            && write["suggestion"]["review"]["state"] != "EDITED"
    };
    Ok(Details {
        versions: versions.filter(|version| version["id"] != suggestion.id.as_str()).map(version).collect(),
        is_comment_of_gloss: data["appliedComments"]["nodes"].as_array().map(|writes| writes.iter().any(is_by_gloss)),
    })
}

/// Reads suggestions by their ids. Those that have been deleted are left out.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn some(client: &Client, ids: &[String]) -> Result<Vec<Suggestion>, CliError> {
    let mut found = Vec::new();
    for ids in ids.chunks(PAGE_SIZE) {
        let mut data = client.data(SOME, json!({ "ids": ids })).await?;
        let nodes = data["nodes"].as_array_mut().map(std::mem::take).unwrap_or_default();
        found.extend(read::<Vec<Suggestion>>(nodes.into_iter().filter(|node| !node.is_null()).collect())?);
    }
    Ok(found)
}

/// The unreviewed suggestions that a filter shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreviewed {
    /// Their ids.
    pub ids: Vec<String>,
    /// The number of them whose asset had a comment.
    pub commented: usize,
    /// The cursor of the last one.
    pub end: Option<String>,
    /// Whether all have been read.
    pub is_complete: bool,
}

/// Reads one more page of the unreviewed suggestions that a filter shows.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn unreviewed(
    client: &Client,
    run: &str,
    filter: &Filter,
    mut known: Unreviewed,
) -> Result<Unreviewed, CliError> {
    let filter = Filter { states: vec!["UNREVIEWED".to_owned()], ..filter.clone() };
    let variables = json!({ "run": run, "filter": filter.json(), "first": MAX_NODES, "after": known.end });
    let data = client.data(UNREVIEWED, variables).await?;
    let list = &data["node"]["suggestions"];
    for suggestion in list["nodes"].as_array().into_iter().flatten() {
        known.ids.extend(suggestion["id"].as_str().map(str::to_owned));
        known.commented += usize::from(suggestion["existingComment"].as_str().is_some_and(|it| !it.trim().is_empty()));
    }
    let info = &list["pageInfo"];
    known.end = info["endCursor"].as_str().map(str::to_owned);
    known.is_complete = info["hasNextPage"] != true;
    Ok(known)
}

/// What a decision changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The number of suggestions that changed.
    pub changed: usize,
    /// The number of suggestions that were left out, because people wrote their comments or texts.
    pub left_out: usize,
    /// The first changed suggestions.
    pub suggestions: Vec<Suggestion>,
    /// How far the review is now; `None` if nothing was decided.
    pub progress: Option<Progress>,
}

/// Decides on one suggestion, unless its review is no longer the one that the reviewer saw. Then returns what it is.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn decide(
    client: &Client,
    (id, decision): (&str, &Decision),
    (seen, wanted): (&Review, &Review),
) -> Result<Result<Outcome, Box<Suggestion>>, CliError> {
    let now = some(client, &[id.to_owned()]).await?.pop().ok_or_else(deleted)?;
    // A decision whose answer was lost is recorded already.
    if !now.review.is_like(seen) && !now.review.is_like(wanted) {
        return Ok(Err(Box::new(now)));
    }
    let mut input = decision.fields();
    input["ids"] = json!([id]);
    let mut outcome = sent(client, input).await?;
    if outcome.suggestions.is_empty() {
        outcome.suggestions.push(now);
    }
    Ok(Ok(outcome))
}

/// Accepts or skips the unreviewed suggestions that a filter shows.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn decide_all(client: &Client, run: &str, filter: &Filter, decision: &Decision) -> Result<Outcome, CliError> {
    let filter = Filter { states: vec!["UNREVIEWED".to_owned()], ..filter.clone() };
    let mut input = decision.fields();
    input["runId"] = json!(run);
    input["filter"] = filter.json();
    sent(client, input).await
}

/// Restores the suggestions that `reviewer` brought into the state of `decision`, and leaves the others.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn restore_all(
    client: &Client,
    ids: &[String],
    decision: &Decision,
    reviewer: &str,
) -> Result<Outcome, CliError> {
    let mut own = Vec::new();
    for ids in ids.chunks(MAX_NODES) {
        let data = client.data(DECIDED, json!({ "ids": ids })).await?;
        for node in data["nodes"].as_array().into_iter().flatten().filter(|node| !node.is_null()) {
            let review: Review = read(node["review"].clone())?;
            if review.state == decision.state() && review.reviewer.as_deref() == Some(reviewer) {
                own.extend(node["id"].as_str().map(str::to_owned));
            }
        }
    }
    let mut outcome = Outcome::default();
    for ids in own.chunks(MAX_NAMED) {
        let mut input = Decision::Restore.fields();
        input["ids"] = json!(ids);
        let part = sent(client, input).await?;
        outcome.changed += part.changed;
        outcome.suggestions = part.suggestions;
        outcome.progress = part.progress;
    }
    Ok(outcome)
}

async fn sent(client: &Client, input: Value) -> Result<Outcome, CliError> {
    let mut payload = client.data(DECIDE, json!({ "input": input })).await?["reviewSuggestions"].take();
    Ok(Outcome {
        changed: count(&payload["changed"]),
        left_out: count(&payload["leftOut"]),
        suggestions: read(payload["suggestions"].take())?,
        progress: Some(&payload["run"]).filter(|run| !run.is_null()).map(Progress::of),
    })
}

/// A change of the suggestions, by anyone.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The changed suggestions.
    pub suggestions: Vec<Suggestion>,
    /// Whether more changed than these.
    pub all: bool,
    /// How far the review is now.
    pub progress: Progress,
}

/// Subscribes to the changes of a run's suggestions.
///
/// # Errors
/// Returns the errors of [`Client::subscribe`].
pub async fn changes(client: &Client, run: &str) -> Result<Events, CliError> {
    client.subscribe(CHANGES, json!({ "run": run })).await
}

/// Reads a result of the subscription.
///
/// # Errors
/// Returns [`CliError::NoGloss`] if it is not one.
pub fn change(mut data: Value) -> Result<Change, CliError> {
    let mut change = data["suggestionsChanged"].take();
    Ok(Change {
        all: change["all"] == true,
        progress: Progress::of(&change["run"]),
        suggestions: read(change["suggestions"].take())?,
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, CliError> {
    serde_json::from_value(value).map_err(|_| CliError::NoGloss("the server".to_owned()))
}

fn deleted() -> CliError {
    CliError::Refused { code: Code::NotFound, message: "the run has been deleted meanwhile".to_owned() }
}
