//! Which suggestions, and what is decided.

use async_graphql::{Enum, ID, InputObject};

use crate::{
    domain::{
        Result,
        id::{RunId, SuggestionId},
    },
    graphql::{ids::Key, suggestion::input::SuggestionFilter},
    service::reviews::{ReviewOrder, ReviewVerb},
};

/// What is decided.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ReviewVerb")]
pub enum ReviewDecision {
    /// The text is to be written: the description, an alternative, or one of the reviewer's own. Other versions of
    /// the same asset in its chain of re-runs are skipped.
    Accept,
    /// Nothing is to be written.
    Skip,
    /// Undecided again.
    Restore,
}

/// Which suggestions, and what is decided about them: all of them change, or none.
#[derive(InputObject, Debug, Clone)]
pub struct ReviewSuggestionsInput {
    /// These suggestions, at least one, at most 10,000; or give `runId`.
    ids: Option<Vec<ID>>,
    /// The suggestions of this run, all or those that the filter leaves. ACCEPT leaves out those that a re-run has done
    /// again, unless the newer version was skipped: an older version is accepted by its id. It also leaves out those of
    /// assets with a person's comment, unless `replaceComments` says otherwise.
    run_id: Option<ID>,
    /// With `runId`: only those that pass.
    filter: Option<SuggestionFilter>,
    /// The decision.
    decision: ReviewDecision,
    /// With `runId` and ACCEPT: whether to accept also where a comment stands that a person wrote. The run's
    /// `replaceComments` when absent. A decision by `ids` always holds.
    replace_comments: Option<bool>,
    /// With ACCEPT: take the alternative of this index; 0 is the description itself, as when absent.
    alternative: Option<i32>,
    /// With ACCEPT and one id: take this text of the reviewer's own. 1 to 10,000 characters.
    text: Option<String>,
}

impl ReviewSuggestionsInput {
    /// The use case's input.
    ///
    /// # Errors
    /// `BadInput` for an id that is none, with its path.
    pub fn order(self) -> Result<ReviewOrder> {
        Ok(ReviewOrder {
            ids: self.ids.map(|ids| SuggestionId::from_arguments(&ids, "input.ids")).transpose()?,
            run_id: self.run_id.map(|id| RunId::from_argument(&id, "input.runId")).transpose()?,
            filter: self.filter.map(Into::into),
            verb: self.decision.into(),
            replace_comments: self.replace_comments,
            alternative: self.alternative,
            text: self.text,
        })
    }
}
