//! The types of the comparison and its grid.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    input::{Agreement, ComparedAssetFilter, ExportFormat},
    metric::ComparedMetric,
};
use crate::{
    domain::{
        clock::Moment,
        compare,
        id::{RunId, SuggestionId},
        suggestion,
    },
    graphql::{
        connection::{Connection, connection, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        ids::Key,
        judge::object::Verdict,
        run::object::Run,
        suggestion::object::{AssetPath, Suggestion},
    },
    service::comparisons::Comparison,
};

/// The cost of reading all texts once, which the metrics need if they are not stored yet.
const PASS_COST: usize = 1_000;
/// The maximum number of compared runs.
const MAX_RUNS: usize = 4;

/// A setting in which the runs differ.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunDifference {
    /// The setting, by its path in the API: `kind`, `model`, `options.temperature`, `scope`, …
    setting: String,
    /// Each run's value in readable form, in the order of `runs`; null if a run has none.
    values: Vec<Option<String>>,
}

/// What happened to a part of a text.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::diff::DiffKind")]
pub enum DiffKind {
    /// It is in both texts.
    Equal,
    /// It is only in this text.
    Inserted,
    /// It is only in the first run's text.
    Deleted,
}

/// A part of a word diff against the first run's text. All parts except the deleted ones make up this text; all except
/// the inserted ones make up the first run's.
#[derive(SimpleObject, Debug, Clone)]
pub struct DiffPart {
    /// What happened to it.
    kind: DiffKind,
    /// Its words, with the white space between them.
    text: String,
}

/// What one run has for one asset.
pub struct ComparedCell {
    suggestion: Arc<suggestion::Suggestion>,
    first: Option<Arc<suggestion::Suggestion>>,
}

/// What one run has for one asset.
#[Object]
impl ComparedCell {
    /// The run's own suggestion, which is compared.
    async fn suggestion(&self) -> Suggestion {
        Suggestion(Arc::clone(&self.suggestion))
    }

    /// The later versions from re-runs, by version.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn versions(&self, context: &Context<'_>) -> Result<Vec<Suggestion>> {
        let chain = loaders(context).chains.load_one(self.suggestion.chain_id).await?.unwrap_or_default();
        let later = chain.into_iter().filter(|other| other.version > self.suggestion.version);
        Ok(later.map(Suggestion).collect())
    }

    /// The word diff of the description against the first run's. If the first run has no text, every word is inserted.
    #[graphql(complexity = "5 + child_complexity")]
    async fn word_diff(&self) -> Vec<DiffPart> {
        let first = self.first.as_ref().map_or("", |first| first.description.as_str());
        let parts = compare::diff::word_diff(first, &self.suggestion.description).into_iter();
        parts.map(|part| DiffPart { kind: part.kind.into(), text: part.text }).collect()
    }
}

/// An asset that at least one of the runs has a suggestion or a failure for.
pub struct ComparedAsset(compare::ComparedAsset);

/// An asset that at least one of the runs has a suggestion or a failure for.
#[Object]
impl ComparedAsset {
    /// The path of the asset. Assets match by kind, schema, table and column; the database is null if the runs differ
    /// in it.
    async fn asset(&self) -> AssetPath {
        AssetPath::from(&self.0.asset)
    }

    /// One cell per run, in the order of `runs`; null if the run has nothing for the asset.
    #[graphql(complexity = "MAX_RUNS * (1 + child_complexity)")]
    async fn cells(&self, context: &Context<'_>) -> Result<Vec<Option<ComparedCell>>> {
        let loader = &loaders(context).suggestions;
        let load = async |id: &Option<_>| match id {
            Some(id) => loader.load_one(*id).await,
            None => Ok(None),
        };
        let found = futures_util::future::try_join_all(self.0.suggestions.iter().map(load)).await?;
        let first = found.first().cloned().flatten();
        let cell = |suggestion| ComparedCell { suggestion, first: first.clone() };
        Ok(found.into_iter().map(|suggestion| suggestion.map(cell)).collect())
    }

    /// How similar the texts are.
    async fn agreement(&self) -> Agreement {
        self.0.agreement.into()
    }

    /// The mean chrF over all pairs of texts, in both directions, 0 to 1; null with fewer than two texts.
    async fn similarity(&self) -> Option<f64> {
        self.0.similarity
    }

    /// The newest verdict of a judge on each pair of these texts.
    #[graphql(complexity = "1 + 6 * child_complexity")]
    async fn verdicts(&self, context: &Context<'_>) -> Result<Vec<Verdict>> {
        let loader = &loaders(context).verdicts;
        let ids: Vec<SuggestionId> = self.0.suggestions.iter().copied().flatten().collect();
        let found = futures_util::future::try_join_all(ids.iter().map(|id| loader.load_one(*id))).await?;
        let found = found.into_iter().flatten().flatten();
        Ok(found.filter(|verdict| ids.contains(&verdict.pair.second)).map(Verdict::new).collect())
    }

    /// The reference text of the metrics: the baseline's text, else the first comment found by a run and not written by
    /// Gloss, else null.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }
}

/// One page of the grid.
pub type ComparedAssetConnection = Connection<ComparedAsset, ComparedAssetTotals>;

/// The count of the grid.
pub struct ComparedAssetTotals {
    comparison: Arc<Comparison>,
    filter: compare::ComparedAssetFilter,
}

/// The count of the grid.
#[Object]
impl ComparedAssetTotals {
    /// The number of assets in the grid that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).comparisons.count(&self.comparison, &self.filter).await?))
    }
}

/// A comparison of two to four runs. A run that has not ended is compared in its present state.
pub struct RunComparison(Arc<Comparison>);

impl RunComparison {
    /// Creates the object from a comparison.
    pub fn new(comparison: Comparison) -> Self {
        Self(Arc::new(comparison))
    }
}

/// A comparison of two to four runs. A run that has not ended is compared in its present state.
#[Object]
impl RunComparison {
    /// The runs, in the given order.
    async fn runs(&self) -> Vec<Run> {
        self.0.runs.iter().cloned().map(Run).collect()
    }

    /// The run whose texts are the references; null if none was given.
    async fn baseline(&self) -> Option<Run> {
        self.0.baseline.clone().map(Run)
    }

    /// When the runs were read.
    async fn as_of(&self) -> Moment {
        self.0.as_of
    }

    /// Whether all runs, the baseline included, have finished describing. If not, the texts may be some seconds old and
    /// more will come.
    async fn complete(&self) -> bool {
        self.0.is_complete()
    }

    /// The settings in which the runs differ, with each run's value in the order of `runs`.
    async fn differences(&self) -> Vec<RunDifference> {
        let differences = self.0.differences().into_iter();
        differences.map(|it| RunDifference { setting: it.setting.to_owned(), values: it.values }).collect()
    }

    /// The runs of kind JUDGE that compare texts of these runs, by number, also those in progress.
    async fn judges(&self, context: &Context<'_>) -> Result<Vec<Run>> {
        let runs: Vec<RunId> = self.0.runs.iter().map(|run| run.id).collect();
        let judges = services(context).judgements.runs(&runs).await?;
        Ok(judges.into_iter().map(|run| Run(Arc::new(run))).collect())
    }

    /// All metrics with their winners.
    #[graphql(complexity = "PASS_COST + 20 * child_complexity")]
    async fn metrics(&self, context: &Context<'_>) -> Result<Vec<ComparedMetric>> {
        let metrics = services(context).comparisons.metrics(&self.0).await?;
        let runs: Vec<ID> = self.0.runs.iter().map(|run| run.id.global()).collect();
        Ok(metrics.into_iter().map(|metric| ComparedMetric::new(metric, &runs)).collect())
    }

    /// Every asset that at least one of the runs touched: assets in most runs first, then by name. The page size is 50
    /// by default and at most 200.
    #[graphql(complexity = "PASS_COST + nested_page_cost(first, last, child_complexity)")]
    async fn assets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only assets that match.")] filter: Option<ComparedAssetFilter>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<ComparedAssetConnection> {
        let filter = filter.map(Into::into).unwrap_or_default();
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).comparisons.page(&self.0, &filter, &arguments).await?;
        let totals = ComparedAssetTotals { comparison: Arc::clone(&self.0), filter };
        Ok(connection(page, totals, ComparedAsset))
    }

    /// The whole comparison as one text of up to 20 MB. A longer one is `LIMIT_EXCEEDED`: stream it from
    /// `/export/comparison?ids=…&baseline=…&format=csv|json|md`.
    #[graphql(complexity = "5 * PASS_COST")]
    async fn export(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The format.")] format: ExportFormat,
    ) -> Result<Option<String>> {
        Ok(Some(services(context).comparisons.export_text(Arc::clone(&self.0), format.into()).await?))
    }
}
