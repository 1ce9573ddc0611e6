//! Comparisons of two to four runs.
//!
//! The rules: the text metrics and the compared assets come from one pass over all texts (`pass.rs`). The pass is
//! stored and reused as long as the texts of the runs are the same. What reviews, judges or the clock change (approval,
//! verdicts, seconds, costs) is read for each request. So only the texts of an unfinished run can be stale, for a short
//! time that depends on the duration of the pass. An export (`export/`) reads the same pages as other callers.

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
        judge::win_rates,
        page::{Page, PageArguments, PageRequest},
        run::Run,
        status::RunStatus,
    },
    port::{Ports, store::StoredComparison},
};

pub use export::ExportFormat;

use super::runs::unknown_run;

/// Minimum time that a comparison of unfinished runs is reused.
const MAX_AGE: TimeDelta = TimeDelta::seconds(2);
/// How long a superseded comparison can still be read.
const READ_FOR: TimeDelta = TimeDelta::minutes(1);

/// The use cases of comparisons. Cheap to clone.
#[derive(Clone)]
pub struct Comparisons {
    ports: Ports,
    /// Allows one pass at a time, which bounds the memory. Callers that wait for the same comparison find it stored.
    making: Arc<Mutex<()>>,
}

/// A comparison of some runs. Their texts are read when they are first needed.
pub struct Comparison {
    /// The runs, in the requested order.
    pub runs: Vec<Arc<Run>>,
    /// The run whose texts are the references.
    pub baseline: Option<Arc<Run>>,
    /// When the runs were read.
    pub as_of: Moment,
    set: ComparedSet,
    stored: OnceCell<Arc<StoredComparison>>,
}

/// Returns whether a run may still get more texts.
const fn describes(run: &Run) -> bool {
    matches!(run.status, RunStatus::Queued | RunStatus::Running | RunStatus::Cancelling)
}

impl Comparison {
    /// Returns whether all runs have finished describing.
    pub fn is_complete(&self) -> bool {
        !self.read().any(describes)
    }

    /// Returns the settings in which the runs differ.
    pub fn differences(&self) -> Vec<RunDifference> {
        differences(&self.runs)
    }

    /// Returns all runs whose texts are read, including the baseline.
    fn read(&self) -> impl Iterator<Item = &Run> {
        let other = self.baseline.iter().filter(|baseline| !self.set.runs.contains(&baseline.id));
        self.runs.iter().chain(other).map(AsRef::as_ref)
    }

    /// Returns the index of each run, in the requested order, among the runs sorted by number.
    fn order(&self) -> impl Iterator<Item = usize> {
        self.runs.iter().filter_map(|run| self.set.runs.binary_search(&run.id).ok())
    }

    /// The name of the list of compared assets in cursors.
    fn list(&self) -> String {
        format!("comparison:{}", self.set.key())
    }

    /// Puts an asset's suggestions in the requested order of the runs.
    fn in_order(&self, asset: ComparedAsset) -> ComparedAsset {
        let suggestions = self.order().map(|at| asset.suggestions[at]).collect();
        ComparedAsset { suggestions, ..asset }
    }
}

impl Comparisons {
    /// Creates the use cases over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, making: Arc::default() }
    }

    /// Opens a comparison of these runs.
    ///
    /// # Errors
    /// Returns `BadInput` for fewer than two or more than four runs, a duplicate, or an ASK run, and `NotFound` for a
    /// run that does not exist, each with the path of the argument.
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
        Ok(Comparison { runs, baseline, as_of: self.ports.clock.now(), set, stored: OnceCell::new() })
    }

    /// Returns all metrics, each with its winners.
    ///
    /// # Errors
    /// Returns the errors of the store, and `Conflict` if a run was deleted meanwhile.
    pub async fn metrics(&self, comparison: &Comparison) -> Result<Vec<ComparedMetric>> {
        let stored = self.stored(comparison).await?;
        let reviews = self.ports.store.review_counts(&comparison.set.runs).await?;
        let win_rates = win_rates(&self.ports.store.verdict_tallies(&comparison.set.runs).await?);
        let none = crate::domain::suggestion::ReviewCounts::default();
        let runs: Vec<RunFigures<'_>> = comparison
            .runs
            .iter()
            .zip(comparison.order())
            .map(|(run, at)| RunFigures {
                run,
                reviews: reviews.get(&run.id).unwrap_or(&none),
                texts: &stored.figures[at],
                win_rate: win_rates.get(&run.id).copied(),
            })
            .collect();
        Ok(metrics(&runs, comparison.as_of))
    }

    /// Returns one page of the compared assets.
    ///
    /// # Errors
    /// As [`Self::metrics`]; also `BadInput` for invalid page arguments.
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
        let stored = self.stored(comparison).await?;
        let page = self.ports.store.compared_page(stored.id, filter, &comparison.list(), request).await?;
        Ok(page.map(|asset| comparison.in_order(asset)))
    }

    /// Returns the number of compared assets that pass the filter.
    ///
    /// # Errors
    /// As [`Self::metrics`].
    pub async fn count(&self, comparison: &Comparison, filter: &ComparedAssetFilter) -> Result<i64> {
        let stored = self.stored(comparison).await?;
        self.ports.store.compared_count(stored.id, filter).await
    }

    /// Returns the stored result of the pass over the texts, or makes it.
    async fn stored(&self, comparison: &Comparison) -> Result<Arc<StoredComparison>> {
        comparison.stored.get_or_try_init(|| self.find_or_make(comparison)).await.cloned()
    }

    async fn find_or_make(&self, comparison: &Comparison) -> Result<Arc<StoredComparison>> {
        if let Some(stored) = self.find(comparison).await? {
            return Ok(stored);
        }
        let making = Arc::clone(&self.making).lock_owned().await;
        if let Some(stored) = self.find(comparison).await? {
            return Ok(stored);
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
        // The pass continues if the client disconnects. The next request reuses its result.
        let work = async move {
            let stored = pass.make().await;
            drop(making);
            stored
        };
        let stored = tokio::spawn(work.in_current_span()).await.map_err(Error::internal)??;
        Ok(Arc::new(stored))
    }

    /// Returns the stored comparison if it covers the current texts or, for unfinished runs, if it is recent enough.
    async fn find(&self, comparison: &Comparison) -> Result<Option<Arc<StoredComparison>>> {
        let Some(stored) = self.ports.store.stored_comparison(&comparison.set).await? else { return Ok(None) };
        let good_for = MAX_AGE.max((stored.finished_at - stored.begun_at) * 4);
        let is_young = !comparison.is_complete() && self.ports.clock.now() - stored.finished_at < good_for;
        Ok((is_young || stored.stamp == stamp_of(comparison)).then(|| Arc::new(stored)))
    }
}

fn stamp_of(comparison: &Comparison) -> String {
    let mut stamps: Vec<(RunId, String)> = comparison.read().map(|run| (run.id, stamp(run))).collect();
    stamps.sort_unstable();
    stamps.into_iter().map(|(_, stamp)| stamp).collect::<Vec<_>>().join(" ")
}
