//! Reviews: decisions on suggestions.
//!
//! The rules: a decision is validated before anything is recorded, and it applies to all selected suggestions or to
//! none. The store updates what depends on it (other versions in the chain, the run's status) in the same transaction.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use tracing::info;

use crate::{
    domain::{
        Error, Result,
        id::{RunId, SuggestionId},
        review::{Choice, Comments, Decision, Selection, check_text},
        run::Run,
        suggestion::{Suggestion, SuggestionFilter},
    },
    port::Ports,
};

use super::runs::unknown_run;

/// Maximum number of suggestions that one call may name. A filter may select more.
pub const MAX_SUGGESTIONS: usize = 10_000;

/// A decision before validation.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewOrder {
    /// The suggestions to decide on. Either this or `run_id` is set.
    pub ids: Option<Vec<SuggestionId>>,
    /// The run whose suggestions are decided on,
    pub run_id: Option<RunId>,
    /// if they pass this filter.
    pub filter: Option<SuggestionFilter>,
    /// The decision.
    pub verb: ReviewVerb,
    /// Whether a bulk accept may replace people's comments; `None` uses the run's setting.
    pub replace_comments: Option<bool>,
    /// The alternative to accept; 0 is the description.
    pub alternative: Option<i32>,
    /// The reviewer's own text to accept.
    pub text: Option<String>,
}

/// The possible decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewVerb {
    /// The suggestion is to be applied.
    Accept,
    /// The suggestion is not to be applied.
    Skip,
    /// The suggestion becomes undecided again. Other versions that its acceptance skipped get their earlier reviews
    /// back.
    Restore,
}

/// The result of a review.
#[derive(Debug, Clone)]
pub struct ReviewOutcome {
    /// The first of the changed suggestions.
    pub suggestions: Vec<Suggestion>,
    /// Their run, if all belong to one.
    pub run: Option<Run>,
    /// Number of changed suggestions.
    pub changed: usize,
    /// Number of suggestions left out because their assets have a person's comment.
    pub left_out: usize,
}

/// The use case of reviews. Cheap to clone.
#[derive(Clone)]
pub struct Reviews {
    ports: Ports,
}

impl Reviews {
    /// Creates the use case over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Decides on all selected suggestions, or on none if it fails.
    ///
    /// # Errors
    /// Returns `BadInput` and `NotFound` with the path of the argument at fault, and `Conflict` while comments of the
    /// run are being written.
    pub async fn review(&self, order: ReviewOrder, reviewer: &str) -> Result<ReviewOutcome> {
        let decision = decision(&order)?;
        let (selection, mut runs) = self.selection(order).await?;
        let store = &self.ports.store;
        let outcome = store.review(selection, decision, reviewer, self.ports.clock.now()).await?;
        info!(changed = outcome.changed, left_out = outcome.left_out, reviewer, "suggestions reviewed");
        let mut found = store.suggestions_by_id(&outcome.first).await?;
        let suggestions: Vec<Suggestion> = outcome.first.iter().filter_map(|id| found.remove(id)).collect();
        runs.extend(suggestions.iter().map(|suggestion| suggestion.run_id));
        let run = match runs.iter().collect::<Vec<_>>().as_slice() {
            [one] => store.runs_by_id(&[**one]).await?.remove(*one),
            _ => None,
        };
        Ok(ReviewOutcome { suggestions, run, changed: outcome.changed, left_out: outcome.left_out })
    }

    /// Returns the selection, and the runs that it belongs to.
    async fn selection(&self, order: ReviewOrder) -> Result<(Selection, HashSet<RunId>)> {
        match (order.ids, order.run_id) {
            (Some(_), Some(_)) => Err(Error::bad_input("input.runId", "pass `ids` or `runId`, not both")),
            (None, None) => Err(Error::bad_input("input.ids", "pass `ids`, or `runId` for the suggestions of a run")),
            (Some(_), None) if order.filter.is_some() => Err(Error::bad_input(
                "input.filter",
                "`filter` requires `runId`; omit `filter`, or pass `runId` instead of `ids`",
            )),
            (Some(ids), None) => {
                let suggestions = named_suggestions(&self.ports, &ids, "input.ids").await?;
                let runs = suggestions.iter().map(|suggestion| suggestion.run_id).collect();
                Ok((Selection::These(suggestions.iter().map(|suggestion| suggestion.id).collect()), runs))
            }
            (None, Some(run)) => {
                let found = self.ports.store.runs_by_id(&[run]).await?.remove(&run);
                let found = found.ok_or_else(|| unknown_run("input.runId"))?;
                let comments =
                    Comments::replaced(order.replace_comments.unwrap_or(found.spec.options.replace_comments));
                Ok((Selection::OfRun(run, order.filter.unwrap_or_default(), comments), HashSet::from([run])))
            }
        }
    }
}

/// Converts the arguments to a decision.
fn decision(order: &ReviewOrder) -> Result<Decision> {
    if order.replace_comments.is_some() && (order.run_id.is_none() || order.verb != ReviewVerb::Accept) {
        let message =
            "`replaceComments` requires `runId` and ACCEPT; omit it: a decision by `ids` always replaces comments";
        return Err(Error::bad_input("input.replaceComments", message));
    }
    if order.verb != ReviewVerb::Accept {
        let only = |argument: &str| {
            Err(Error::bad_input(format!("input.{argument}"), format!("`{argument}` requires ACCEPT; omit it")))
        };
        return match (&order.alternative, &order.text, order.verb) {
            (Some(_), ..) => only("alternative"),
            (_, Some(_), _) => only("text"),
            (.., ReviewVerb::Skip) => Ok(Decision::Skip),
            _ => Ok(Decision::Restore),
        };
    }
    match (order.alternative, &order.text) {
        (Some(_), Some(_)) => Err(Error::bad_input("input.text", "pass `alternative` or `text`, not both")),
        (_, Some(text)) => {
            let distinct: HashSet<_> = order.ids.iter().flatten().collect();
            if order.run_id.is_some() || distinct.len() > 1 {
                let message = "`text` applies to exactly one suggestion; pass its id alone in `ids`";
                return Err(Error::bad_input("input.text", message));
            }
            check_text(text, "input.text")?;
            Ok(Decision::Accept(Choice::Text(text.clone())))
        }
        (alternative, None) => {
            let index = usize::try_from(alternative.unwrap_or_default());
            let index = index.map_err(|_| {
                Error::bad_input("input.alternative", "`alternative` must be 0 or more; 0 is the description itself")
            })?;
            Ok(Decision::Accept(Choice::Alternative(index)))
        }
    }
}

/// Returns the suggestions that an argument names, each once, in their order.
///
/// # Errors
/// Returns `BadInput` for an empty or too long list, and `NotFound` with the index of an id that does not exist.
pub async fn named_suggestions(ports: &Ports, ids: &[SuggestionId], argument: &str) -> Result<Vec<Suggestion>> {
    if ids.is_empty() {
        return Err(Error::bad_input(argument, "the list is empty; pass at least one suggestion, or omit it"));
    }
    if ids.len() > MAX_SUGGESTIONS {
        let message = format!("{} suggestions were given; pass at most {MAX_SUGGESTIONS} at a time", ids.len());
        return Err(Error::bad_input(argument, message));
    }
    let distinct = distinct(ids);
    let wanted: Vec<SuggestionId> = distinct.iter().map(|(_, id)| *id).collect();
    let mut found: HashMap<SuggestionId, Suggestion> = ports.store.suggestions_by_id(&wanted).await?;
    let find = |(at, id): (usize, SuggestionId)| {
        found.remove(&id).ok_or_else(|| {
            let message = "no suggestion has this id; it may have been deleted with its run";
            Error::not_found_at(format!("{argument}.{at}"), message)
        })
    };
    distinct.into_iter().map(find).collect()
}

/// Returns each item once, with its first index.
fn distinct<T: Copy + Eq + Hash>(items: &[T]) -> Vec<(usize, T)> {
    let mut seen = HashSet::new();
    items.iter().copied().enumerate().filter(|(_, item)| seen.insert(*item)).collect()
}
