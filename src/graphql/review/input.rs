//! Input types of reviews: which suggestions, and what is decided.

use async_graphql::{Enum, ID, InputObject};

use crate::{
    domain::{
        Result,
        id::{RunId, SuggestionId},
    },
    graphql::{ids::Key, suggestion::input::SuggestionFilter},
    service::reviews::{ReviewOrder, ReviewVerb},
};

/// A decision on suggestions.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ReviewVerb")]
pub enum ReviewDecision {
    /// The text will be written: the description, an alternative or the reviewer's own text. Other versions of the same
    /// asset in its chain of re-runs become SKIPPED.
    Accept,
    /// Nothing will be written.
    Skip,
    /// The suggestion becomes undecided again. Other versions that its acceptance skipped get their earlier reviews
    /// back.
    Restore,
}

/// The suggestions and the decision on them: all change, or none.
#[derive(InputObject, Debug, Clone)]
pub struct ReviewSuggestionsInput {
    /// The suggestions, 1 to 10,000; or give `runId`.
    ids: Option<Vec<ID>>,
    /// All suggestions of this run, or those that `filter` matches. ACCEPT leaves out a suggestion if a re-run made a
    /// newer version that was not skipped. Unless `replaceComments` is set, it also leaves out a suggestion if a person
    /// wrote the asset's comment or edited any version. To accept one of these, give its id.
    run_id: Option<ID>,
    /// With `runId`: only suggestions that match.
    filter: Option<SuggestionFilter>,
    /// The decision.
    decision: ReviewDecision,
    /// With `runId` and ACCEPT: whether to accept suggestions in place of comments and edited texts that people wrote.
    /// Default: the run's `replaceComments`. Decisions by `ids` always include them.
    replace_comments: Option<bool>,
    /// With ACCEPT: the index of the alternative to accept. Default: 0, the description itself.
    alternative: Option<i32>,
    /// With ACCEPT and one id: the reviewer's own text, 1 to 10,000 characters.
    text: Option<String>,
}

impl ReviewSuggestionsInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` with its path for an invalid id.
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
