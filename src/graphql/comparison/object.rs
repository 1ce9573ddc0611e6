//! The comparison and its grid.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    input::{Agreement, ComparedAssetFilter, ExportFormat},
    metric::ComparedMetric,
};
use crate::{
    domain::{clock::Moment, compare, page::Page, suggestion},
    graphql::{
        connection::{PageInfo, Rows, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        ids::Key,
        run::object::Run,
        suggestion::object::{AssetPath, Suggestion},
    },
    service::comparisons::Comparison,
};

/// What reading all texts once costs, where that was not done before.
const PASS: usize = 1_000;
/// Runs of a comparison at most.
const RUNS: usize = 4;

/// A setting in which the runs differ.
#[derive(SimpleObject, Debug, Clone)]
pub struct RunDifference {
    /// The setting, by its path in the API: `kind`, `model`, `options.temperature`, `scope`, …
    setting: String,
    /// Each run's value as a person reads it, in the order of `runs`; null where a run has none.
    values: Vec<Option<String>>,
}

/// What became of a part of a text.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::diff::DiffKind")]
pub enum DiffKind {
    /// It stands in both texts.
    Equal,
    /// It stands in this text alone.
    Inserted,
    /// It stands in the first run's text alone.
    Deleted,
}

/// A part of a word diff against the first run's text. The parts but the deleted ones spell the text itself, those but
/// the inserted ones the first run's.
#[derive(SimpleObject, Debug, Clone)]
pub struct DiffPart {
    /// What became of it.
    kind: DiffKind,
    /// Its words, with the white space between them.
    text: String,
}

/// What one run has for an asset.
pub struct ComparedCell {
    suggestion: Arc<suggestion::Suggestion>,
    first: Option<Arc<suggestion::Suggestion>>,
}

/// What one run has for an asset.
#[Object]
impl ComparedCell {
    /// The run's own suggestion: what is compared.
    async fn suggestion(&self) -> Suggestion {
        Suggestion(Arc::clone(&self.suggestion))
    }

    /// The later versions that re-runs made of it, by version.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn versions(&self, context: &Context<'_>) -> Result<Vec<Suggestion>> {
        let chain = loaders(context).chains.load(self.suggestion.chain_id).await?.unwrap_or_default();
        let later = chain.into_iter().filter(|other| other.version > self.suggestion.version);
        Ok(later.map(Suggestion).collect())
    }

    /// The words that the description keeps, gains and loses against the first run's; all of them inserted where the
    /// first run has nothing.
    #[graphql(complexity = "5 + child_complexity")]
    async fn word_diff(&self) -> Vec<DiffPart> {
        let first = self.first.as_ref().map_or("", |first| first.description.as_str());
        let parts = compare::diff::word_diff(first, &self.suggestion.description).into_iter();
        parts.map(|part| DiffPart { kind: part.kind.into(), text: part.text }).collect()
    }
}

/// An asset that some of the runs touched: that they describe, or could not.
#[derive(Clone)]
pub struct ComparedAsset(Arc<compare::ComparedAsset>);

/// An asset that some of the runs touched: that they describe, or could not.
#[Object]
impl ComparedAsset {
    /// Where it stands. Assets match by kind, schema, table and column; the database is null where it is not the same
    /// for all.
    async fn asset(&self) -> AssetPath {
        AssetPath::from(&self.0.asset)
    }

    /// One per run, in the order of `runs`; null where the run has nothing for it.
    #[graphql(complexity = "RUNS * (1 + child_complexity)")]
    async fn cells(&self, context: &Context<'_>) -> Result<Vec<Option<ComparedCell>>> {
        let loader = &loaders(context).suggestions;
        let load = async |id: &Option<_>| match id {
            Some(id) => loader.load(*id).await,
            None => Ok(None),
        };
        let found = futures_util::future::try_join_all(self.0.suggestions.iter().map(load)).await?;
        let first = found.first().cloned().flatten();
        let cell = |suggestion| ComparedCell { suggestion, first: first.clone() };
        Ok(found.into_iter().map(|suggestion| suggestion.map(cell)).collect())
    }

    /// How the texts relate.
    async fn agreement(&self) -> Agreement {
        self.0.agreement.into()
    }

    /// Mean pairwise chrF of the descriptions, 0 to 1, each pair as the mean of both ways; null with fewer than two.
    async fn similarity(&self) -> Option<f64> {
        self.0.similarity
    }

    /// The text that the metrics take as the truth: the baseline's, else the comment that the run with the lowest
    /// number found in the database and that Gloss had not written, else none.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }
}

/// A compared asset in the grid, with its place.
#[derive(SimpleObject)]
pub struct ComparedAssetEdge {
    /// Its place in the grid; give it as `after` or `before`.
    cursor: String,
    /// The asset.
    node: ComparedAsset,
}

/// One page of the grid.
pub struct ComparedAssetConnection {
    rows: Rows<ComparedAsset>,
    comparison: Arc<Comparison>,
    filter: compare::ComparedAssetFilter,
}

impl ComparedAssetConnection {
    fn new(
        page: Page<compare::ComparedAsset>,
        comparison: Arc<Comparison>,
        filter: compare::ComparedAssetFilter,
    ) -> Self {
        Self { rows: Rows::new(page, |asset| ComparedAsset(Arc::new(asset))), comparison, filter }
    }
}

/// One page of the grid.
#[Object]
impl ComparedAssetConnection {
    /// The assets of this page with their cursors.
    async fn edges(&self) -> Vec<ComparedAssetEdge> {
        self.rows.edges(|cursor, node| ComparedAssetEdge { cursor, node })
    }

    /// The assets of this page.
    async fn nodes(&self) -> Vec<ComparedAsset> {
        self.rows.nodes()
    }

    /// Where this page stands in the grid.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info()
    }

    /// All assets of the grid under the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).comparisons.count(&self.comparison, &self.filter).await?))
    }
}

/// Two to four runs, side by side. A run that still goes is compared as it stands.
pub struct RunComparison(Arc<Comparison>);

impl RunComparison {
    /// Over these runs.
    pub fn new(comparison: Comparison) -> Self {
        Self(Arc::new(comparison))
    }
}

/// Two to four runs, side by side. A run that still goes is compared as it stands.
#[Object]
impl RunComparison {
    /// The runs, in the order in which they were named.
    async fn runs(&self) -> Vec<Run> {
        self.0.runs.iter().cloned().map(Run).collect()
    }

    /// The run whose texts are the references; null where none was named.
    async fn baseline(&self) -> Option<Run> {
        self.0.baseline.clone().map(Run)
    }

    /// When the runs were looked at.
    async fn as_of(&self) -> Moment {
        self.0.as_of
    }

    /// Whether all runs, the baseline included, have done with describing. Otherwise this is how they stand: the texts
    /// may be some seconds old, and more of them come.
    async fn complete(&self) -> bool {
        self.0.is_complete()
    }

    /// The settings in which the runs differ, with each run's value in the order of `runs`.
    async fn differences(&self) -> Vec<RunDifference> {
        let differences = self.0.differences().into_iter();
        differences.map(|it| RunDifference { setting: it.setting.to_owned(), values: it.values }).collect()
    }

    /// All metrics, each with its winners.
    #[graphql(complexity = "PASS + 20 * child_complexity")]
    async fn metrics(&self, context: &Context<'_>) -> Result<Vec<ComparedMetric>> {
        let metrics = services(context).comparisons.metrics(&self.0).await?;
        let runs: Vec<ID> = self.0.runs.iter().map(|run| run.id.global()).collect();
        Ok(metrics.into_iter().map(|metric| ComparedMetric::new(metric, &runs)).collect())
    }

    /// Every asset that any of the runs touched: those in most runs first, then by name. A page has 50 unless told, at
    /// most 200.
    #[graphql(complexity = "PASS + nested_page_cost(first, last, child_complexity)")]
    async fn assets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only assets that pass.")] filter: Option<ComparedAssetFilter>,
        #[graphql(desc = "At most so many from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Up to this cursor.")] before: Option<String>,
    ) -> Result<ComparedAssetConnection> {
        let filter = filter.map(Into::into).unwrap_or_default();
        let arguments = page_arguments(first, after, last, before);
        let page = services(context).comparisons.page(&self.0, &filter, &arguments).await?;
        Ok(ComparedAssetConnection::new(page, Arc::clone(&self.0), filter))
    }

    /// The whole comparison as one text of up to 20 MB; a longer one is `LIMIT_EXCEEDED`, and streams from
    /// `/export/comparison?ids=…&baseline=…&format=csv|json|md`.
    #[graphql(complexity = "5 * PASS")]
    async fn export(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How it is written.")] format: ExportFormat,
    ) -> Result<Option<String>> {
        Ok(Some(services(context).comparisons.export_text(Arc::clone(&self.0), format.into()).await?))
    }
}
