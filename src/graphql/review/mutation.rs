//! Deciding on suggestions.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::input::ReviewSuggestionsInput;
use crate::graphql::{
    connection::count,
    context::{services, viewer},
    run::object::Run,
    suggestion::object::Suggestion,
};

/// What came of a review.
#[derive(SimpleObject)]
pub struct ReviewSuggestionsPayload {
    /// The first 200 of those that changed, by run and position.
    suggestions: Vec<Suggestion>,
    /// Their run as it is now; null where they are of several.
    run: Option<Run>,
    /// How many changed; those that were so already, and versions that an accepted one skips, do not count.
    changed: i32,
    /// How many were left out because a comment stands there that a person wrote: one that stood in the database when
    /// the run looked and that Gloss never wrote.
    left_out: i32,
}

/// Review.
#[derive(Default)]
pub struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// Accepts, skips or restores suggestions: all that are selected, or none. A run whose last decision falls
    /// with nothing to write is SUCCESS then.
    #[graphql(complexity = "50 + 50 * child_complexity")]
    async fn review_suggestions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which suggestions, and what is decided.")] input: ReviewSuggestionsInput,
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
