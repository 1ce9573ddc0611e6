//! Comparing runs: two to four, side by side.
//!
//! The rule: what the texts add up to and the grid come from one pass over all texts (`pass.rs`), which is kept as long
//! as the runs have no other texts; what a review or the clock changes (approval, seconds, costs) is read each time. So
//! nothing that is shown can be stale but the texts of a run that still goes, for as long as a pass over them took. An
//! export (`export.rs`) reads the same pages that a person turns.

mod export;
mod pass;

use std::{collections::HashMap, sync::Arc};

use chrono::TimeDelta;
use tokio::sync::{Mutex, OnceCell};
use tracing::Instrument as _;

use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        compare::{
            ComparedAsset, ComparedAssetFilter, ComparedMetric, ComparedSet, RunDifference, RunFigures,
            check_comparable, differences, metrics, stamp,
        },
        id::RunId,
        page::{Page, PageArguments, PageRequest},
        run::Run,
        status::RunStatus,
    },
    port::{Ports, store::KeptComparison},
};

pub use export::{EXPORT_LIMIT_BYTES, ExportFormat};

use super::runs::unknown_run;

/// How long the texts of a run that still goes are good enough at least.
const FRESH: TimeDelta = TimeDelta::seconds(2);
/// How long a comparison that another took the place of may still be read.
const READ_FOR: TimeDelta = TimeDelta::minutes(1);

/// The use cases.
#[derive(Clone)]
pub struct Comparisons {
    ports: Ports,
    /// One pass at a time: it bounds the memory, and who waits for the same finds it made.
    making: Arc<Mutex<()>>,
}

/// Some runs side by side. Their texts are read once something asks for them.
pub struct Comparison {
    /// The runs, in the order in which they were named.
    pub runs: Vec<Arc<Run>>,
    /// The run whose texts are the references.
    pub baseline: Option<Arc<Run>>,
    /// When the runs were looked at.
    pub as_of: Moment,
    set: ComparedSet,
    kept: OnceCell<Arc<KeptComparison>>,
}

/// Whether a run's texts may still become more.
const fn describes(run: &Run) -> bool {
    matches!(run.status, RunStatus::Queued | RunStatus::Running | RunStatus::Cancelling)
}

impl Comparison {
    /// Whether all runs have done with describing.
    pub fn is_complete(&self) -> bool {
        !self.read().any(describes)
    }

    /// The settings in which the runs differ.
    pub fn differences(&self) -> Vec<RunDifference> {
        differences(&self.runs)
    }

    /// All runs whose texts are read.
    fn read(&self) -> impl Iterator<Item = &Run> {
        let other = self.baseline.iter().filter(|baseline| !self.set.runs.contains(&baseline.id));
        self.runs.iter().chain(other).map(AsRef::as_ref)
    }

    /// The place of each run, as named, among the runs by number.
    fn order(&self) -> impl Iterator<Item = usize> {
        self.runs.iter().filter_map(|run| self.set.runs.binary_search(&run.id).ok())
    }

    /// How cursors name the grid.
    fn list(&self) -> String {
        format!("comparison:{}", self.set.key())
    }

    /// An asset with its suggestions in the order of the runs as named.
    fn in_order(&self, asset: ComparedAsset) -> ComparedAsset {
        let suggestions = self.order().map(|at| asset.suggestions[at]).collect();
        ComparedAsset { suggestions, ..asset }
    }
}

impl Comparisons {
    /// Over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, making: Arc::default() }
    }

    /// Opens a comparison of these runs.
    ///
    /// # Errors
    /// `BadInput` for fewer than two or more than four runs, one that stands twice, or an ASK run; `NotFound` for a run
    /// that does not exist; each with the path of the argument.
    pub async fn open(&self, ids: &[RunId], baseline: Option<RunId>) -> Result<Comparison> {
        let set = ComparedSet::new(ids, baseline)?;
        let found: HashMap<RunId, Arc<Run>> =
            self.ports.store.runs_by_id(&set.read()).await?.into_iter().map(|(id, run)| (id, Arc::new(run))).collect();
        let get = |id: &RunId, argument: &str| {
            let run = found.get(id).cloned().ok_or_else(|| unknown_run(argument))?;
            check_comparable(&run, argument)?;
            Ok::<_, Error>(run)
        };
        let runs = ids.iter().enumerate().map(|(at, id)| get(id, &format!("ids.{at}"))).collect::<Result<_>>()?;
        let baseline = baseline.map(|id| get(&id, "baselineId")).transpose()?;
        Ok(Comparison { runs, baseline, as_of: self.ports.clock.now(), set, kept: OnceCell::new() })
    }

    /// All metrics, each with its winners.
    ///
    /// # Errors
    /// The store's; `Conflict` where a run was deleted meanwhile.
    pub async fn metrics(&self, comparison: &Comparison) -> Result<Vec<ComparedMetric>> {
        let kept = self.kept(comparison).await?;
        let reviews = self.ports.store.review_counts(&comparison.set.runs).await?;
        let none = crate::domain::suggestion::ReviewCounts::default();
        let runs: Vec<RunFigures<'_>> = comparison
            .runs
            .iter()
            .zip(comparison.order())
            .map(|(run, at)| RunFigures {
                run,
                reviews: reviews.get(&run.id).unwrap_or(&none),
                texts: &kept.figures[at],
            })
            .collect();
        Ok(metrics(&runs, comparison.as_of))
    }

    /// One page of the grid.
    ///
    /// # Errors
    /// `BadInput` for arguments that make no page; as [`Self::metrics`].
    pub async fn page(
        &self,
        comparison: &Comparison,
        filter: &ComparedAssetFilter,
        arguments: &PageArguments,
    ) -> Result<Page<ComparedAsset>> {
        let request = PageRequest::new(arguments, &comparison.list())?;
        self.read_page(comparison, filter, &request).await
    }

    async fn read_page(
        &self,
        comparison: &Comparison,
        filter: &ComparedAssetFilter,
        request: &PageRequest,
    ) -> Result<Page<ComparedAsset>> {
        let kept = self.kept(comparison).await?;
        let page = self.ports.store.compared_page(kept.id, filter, &comparison.list(), request).await?;
        Ok(page.map(|asset| comparison.in_order(asset)))
    }

    /// How many assets of the grid pass.
    ///
    /// # Errors
    /// As [`Self::metrics`].
    pub async fn count(&self, comparison: &Comparison, filter: &ComparedAssetFilter) -> Result<i64> {
        let kept = self.kept(comparison).await?;
        self.ports.store.compared_count(kept.id, filter).await
    }

    /// What one pass over the texts found; made where it is not kept.
    async fn kept(&self, comparison: &Comparison) -> Result<Arc<KeptComparison>> {
        comparison.kept.get_or_try_init(|| self.find_or_make(comparison)).await.cloned()
    }

    async fn find_or_make(&self, comparison: &Comparison) -> Result<Arc<KeptComparison>> {
        if let Some(kept) = self.find(comparison).await? {
            return Ok(kept);
        }
        let making = Arc::clone(&self.making).lock_owned().await;
        if let Some(kept) = self.find(comparison).await? {
            return Ok(kept);
        }
        let mut runs: Vec<Run> = comparison.read().cloned().collect();
        let order = comparison.set.read();
        runs.sort_by_key(|run| order.iter().position(|id| *id == run.id));
        let now = self.ports.clock.now();
        let pass = pass::Pass {
            ports: self.ports.clone(),
            set: comparison.set.clone(),
            runs,
            stamp: stamp_of(comparison),
            begun_at: now,
            replace_before: now - READ_FOR,
        };
        // It goes on where the client goes away: the next who asks finds it.
        let work = async move {
            let kept = pass.make().await;
            drop(making);
            kept
        };
        let kept = tokio::spawn(work.in_current_span()).await.map_err(Error::internal)??;
        Ok(Arc::new(kept))
    }

    /// The kept comparison, where it saw the texts that there are; for runs that still go, where it is young.
    async fn find(&self, comparison: &Comparison) -> Result<Option<Arc<KeptComparison>>> {
        let Some(kept) = self.ports.store.kept_comparison(&comparison.set).await? else { return Ok(None) };
        let good_for = FRESH.max((kept.finished_at - kept.begun_at) * 4);
        let is_young = !comparison.is_complete() && self.ports.clock.now() - kept.finished_at < good_for;
        Ok((is_young || kept.stamp == stamp_of(comparison)).then(|| Arc::new(kept)))
    }
}

fn stamp_of(comparison: &Comparison) -> String {
    let mut stamps: Vec<(RunId, String)> = comparison.read().map(|run| (run.id, stamp(run))).collect();
    stamps.sort_unstable();
    stamps.into_iter().map(|(_, stamp)| stamp).collect::<Vec<_>>().join(" ")
}
