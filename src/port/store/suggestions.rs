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
    /// Returns one page of a run's suggestions.
    async fn suggestions_page(
        &self,
        run: RunId,
        filter: &SuggestionFilter,
        order: (SuggestionOrderField, OrderDirection),
        page: &PageRequest,
    ) -> Result<Page<Suggestion>>;

    /// Returns the number of a run's suggestions that pass the filter.
    async fn suggestions_count(&self, run: RunId, filter: &SuggestionFilter) -> Result<i64>;

    /// Counts the suggestions of a run that pass [`SuggestionFilter::without_tallied`], by the parts that it leaves
    /// out.
    async fn suggestion_tallies(&self, run: RunId, filter: &SuggestionFilter) -> Result<Vec<SuggestionTally>>;

    /// Returns the tables of a run with the most suggestions that pass the filter, ignoring its table; at most `limit`.
    async fn suggestion_tables(&self, run: RunId, filter: &SuggestionFilter, limit: u64) -> Result<Vec<TableCount>>;

    /// Returns suggestions by key; unknown ones are missing.
    async fn suggestions_by_id(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Suggestion>>;

    /// Returns the alternatives of suggestions, best first.
    async fn alternatives(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Alternative>>>;

    /// Returns the evidence of suggestions, in order.
    async fn evidence(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Evidence>>>;

    /// Counts the suggestions of runs by confidence band.
    async fn confidence_distributions(&self, runs: &[RunId]) -> Result<HashMap<RunId, ConfidenceDistribution>>;

    /// Counts the suggestions of runs by review state.
    async fn review_counts(&self, runs: &[RunId]) -> Result<HashMap<RunId, ReviewCounts>>;
}
