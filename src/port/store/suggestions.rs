//! Suggestions.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    filter::OrderDirection,
    id::{RunId, SuggestionId},
    page::{Page, PageRequest},
    suggestion::{
        Alternative, ConfidenceDistribution, Evidence, ReviewCounts, Suggestion, SuggestionFilter,
        SuggestionOrderField, SuggestionTally, TableCount,
    },
};

/// Suggestions.
#[async_trait]
pub trait SuggestionStore: Send + Sync {
    /// One page of a run's suggestions.
    async fn suggestions_page(
        &self,
        run: RunId,
        filter: &SuggestionFilter,
        order: (SuggestionOrderField, OrderDirection),
        page: &PageRequest,
    ) -> Result<Page<Suggestion>>;

    /// How many of a run's suggestions pass.
    async fn suggestions_count(&self, run: RunId, filter: &SuggestionFilter) -> Result<i64>;

    /// How many suggestions of a run pass [`SuggestionFilter::without_tallied`], by what that leaves out.
    async fn suggestion_tallies(&self, run: RunId, filter: &SuggestionFilter) -> Result<Vec<SuggestionTally>>;

    /// The tables of a run with the most suggestions that pass the filter without its table, at most `limit`.
    async fn suggestion_tables(&self, run: RunId, filter: &SuggestionFilter, limit: u64) -> Result<Vec<TableCount>>;

    /// Suggestions by key; unknown ones are missing.
    async fn suggestions_by_id(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Suggestion>>;

    /// The wordings of suggestions, best first.
    async fn alternatives(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Alternative>>>;

    /// The evidence of suggestions, in order.
    async fn evidence(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Evidence>>>;

    /// Suggestions per band.
    async fn confidence_distributions(&self, runs: &[RunId]) -> Result<HashMap<RunId, ConfidenceDistribution>>;

    /// Suggestions per review state.
    async fn review_counts(&self, runs: &[RunId]) -> Result<HashMap<RunId, ReviewCounts>>;
}
