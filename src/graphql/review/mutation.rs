//! The mutation that decides on suggestions.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::input::ReviewSuggestionsInput;
use crate::graphql::{
    connection::count,
    context::{services, viewer},
    run::object::Run,
    suggestion::object::Suggestion,
};

/// The outcome of a review.
#[derive(SimpleObject)]
pub struct ReviewSuggestionsPayload {
    /// The first 200 changed suggestions, by run and position.
    suggestions: Vec<Suggestion>,
    /// The run as it is now; null if the suggestions belong to several runs.
    run: Option<Run>,
    /// The number of changed suggestions. Those that already had this decision, and versions skipped by an accepted
    /// one, do not count.
    changed: i32,
    /// The number of suggestions left out to keep a person's text: the comment that the run read, or an edited text of
    /// this or another version. A comment that Gloss wrote as suggested does not count.
    left_out: i32,
}

/// The mutation of reviews.
#[derive(Default)]
pub struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// Accepts, skips or restores suggestions, all or none. If the last decision leaves nothing to write, the run
    /// becomes SUCCESS.
    #[graphql(complexity = "50 + 50 * child_complexity")]
    async fn review_suggestions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The suggestions and the decision.")] input: ReviewSuggestionsInput,
    ) -> Result<ReviewSuggestionsPayload> {
        let reviewed = services(context).reviews.review(input.order()?, &viewer(context).name).await?;
        Ok(ReviewSuggestionsPayload {
            suggestions: reviewed.suggestions.into_iter().map(|it| Suggestion(Arc::new(it))).collect(),
            run: reviewed.run.map(|run| Run(Arc::new(run))),
            changed: count(reviewed.changed),
            left_out: count(reviewed.left_out),
        })
    }
}
