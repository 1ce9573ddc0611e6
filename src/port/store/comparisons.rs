//! Comparisons of runs.

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

/// A comparison that is kept: what one pass over all texts found.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptComparison {
    /// Its key.
    pub id: ComparisonId,
    /// Which texts it saw; see [`crate::domain::compare::stamp`].
    pub stamp: String,
    /// When the pass began: what the figures are as of.
    pub begun_at: Moment,
    /// When it ended.
    pub finished_at: Moment,
    /// What the texts of each run add up to, by the runs' numbers.
    pub figures: Vec<TextFigures>,
}

/// Comparisons of runs. All lists of runs are by number.
#[async_trait]
pub trait ComparisonStore: Send + Sync {
    /// The newest comparison of these runs that is kept.
    async fn kept_comparison(&self, set: &ComparedSet) -> Result<Option<KeptComparison>>;

    /// Begins one; it is found once it is finished. Older ones go: those of the same runs begun before
    /// `replace_before`, and the oldest beyond a bound.
    async fn begin_comparison(
        &self,
        set: &ComparedSet,
        stamp: &str,
        at: Moment,
        replace_before: Moment,
    ) -> Result<ComparisonId>;

    /// The texts of these runs for the next assets after one, about `limit` of them; always all of an asset. `after` is
    /// the display of the last asset that was read.
    async fn compared_texts(&self, runs: &[RunId], after: Option<&str>, limit: u64) -> Result<Vec<ComparedText>>;

    /// The next assets that a run could not describe, with their positions.
    async fn failed_assets(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<(i32, AssetPath)>>;

    /// Which texts Gloss itself ever wrote as comments on these assets, roll-backs aside.
    async fn texts_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, HashSet<String>>>;

    /// Adds assets to a comparison; one that is there stays as it is.
    ///
    /// # Errors
    /// `Conflict` where a run of it was deleted meanwhile.
    async fn keep_compared(&self, comparison: ComparisonId, assets: Vec<ComparedAsset>) -> Result<()>;

    /// Ends the making of a comparison.
    ///
    /// # Errors
    /// `Conflict` where a run of it was deleted meanwhile.
    async fn finish_comparison(&self, comparison: ComparisonId, figures: &[TextFigures], at: Moment) -> Result<()>;

    /// One page of the grid: assets in most runs first, then by name. `list` names it in cursors.
    ///
    /// # Errors
    /// `Conflict` where the comparison is gone.
    async fn compared_page(
        &self,
        comparison: ComparisonId,
        filter: &ComparedAssetFilter,
        list: &str,
        page: &PageRequest,
    ) -> Result<Page<ComparedAsset>>;

    /// How many assets pass.
    async fn compared_count(&self, comparison: ComparisonId, filter: &ComparedAssetFilter) -> Result<i64>;
}
