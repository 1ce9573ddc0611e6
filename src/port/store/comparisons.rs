//! Stored comparisons of runs.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use crate::domain::{
    Result,
    asset::AssetPath,
    clock::Moment,
    compare::{ComparedAsset, ComparedAssetFilter, ComparedSet, ComparedText, TextFigures},
    id::{ComparisonId, DbProfileId, RunId},
    page::{Page, PageRequest},
};

/// A stored comparison: the result of one pass over all texts.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredComparison {
    /// Its key.
    pub id: ComparisonId,
    /// Identifies the compared texts; see [`crate::domain::compare::stamp`].
    pub stamp: String,
    /// When the pass began. The figures are as of this time.
    pub begun_at: Moment,
    /// When the pass ended.
    pub finished_at: Moment,
    /// The text metrics of each run, ordered by run number.
    pub figures: Vec<TextFigures>,
}

/// Stored comparisons of runs. All lists of runs are ordered by number.
#[async_trait]
pub trait ComparisonStore: Send + Sync {
    /// Returns the newest stored comparison of these runs.
    async fn stored_comparison(&self, set: &ComparedSet) -> Result<Option<StoredComparison>>;

    /// Begins a comparison, which becomes visible once it is finished. Deletes older ones: those of the same runs that
    /// began before `replace_before`, and the oldest beyond a bound.
    async fn begin_comparison(
        &self,
        set: &ComparedSet,
        stamp: &str,
        at: Moment,
        replace_before: Moment,
    ) -> Result<ComparisonId>;

    /// Returns about `limit` texts of these runs for the next assets, always all texts of an asset. `after` is the
    /// display name of the last asset read.
    async fn compared_texts(&self, runs: &[RunId], after: Option<&str>, limit: u64) -> Result<Vec<ComparedText>>;

    /// Returns the next assets that failed in a run, with their positions.
    async fn failed_assets(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<(i32, AssetPath)>>;

    /// Returns the suggested texts that Gloss has ever written as comments on these assets. Roll-backs and texts that a
    /// reviewer wrote do not count.
    async fn texts_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, HashSet<String>>>;

    /// Adds assets to a comparison. Those that it already has stay unchanged.
    ///
    /// # Errors
    /// Returns `Conflict` if one of its runs was deleted meanwhile.
    async fn store_compared(&self, comparison: ComparisonId, assets: Vec<ComparedAsset>) -> Result<()>;

    /// Finishes a comparison.
    ///
    /// # Errors
    /// Returns `Conflict` if one of its runs was deleted meanwhile.
    async fn finish_comparison(&self, comparison: ComparisonId, figures: &[TextFigures], at: Moment) -> Result<()>;

    /// Returns one page of compared assets: those in most runs first, then by name. `list` is the name of the list in
    /// cursors.
    ///
    /// # Errors
    /// Returns `Conflict` if the comparison was deleted.
    async fn compared_page(
        &self,
        comparison: ComparisonId,
        filter: &ComparedAssetFilter,
        list: &str,
        page: &PageRequest,
    ) -> Result<Page<ComparedAsset>>;

    /// Returns the number of assets that pass the filter.
    async fn compared_count(&self, comparison: ComparisonId, filter: &ComparedAssetFilter) -> Result<i64>;
}
