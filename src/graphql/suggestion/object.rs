//! The types of a suggestion and its parts.

use crate::domain::text::visible;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use tokio::sync::OnceCell;

use crate::{
    domain::{Error, asset, clock::Moment, id::RunId, page::Page, substance, suggestion},
    graphql::{
        apply::object::AppliedComment,
        connection::{Connection, connection, count},
        context::{loaders, services},
        ids::Key,
        run::object::Run,
        suggestion::facets::SuggestionFacets,
    },
};

/// The kind of an asset.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "asset::AssetKind")]
pub enum AssetKind {
    /// A database.
    Database,
    /// A schema.
    Schema,
    /// A table, or a partition of one.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A column of a table or view.
    Column,
}

/// The path of an asset. Parts that its kind does not have are null.
#[derive(SimpleObject, Debug, Clone)]
pub struct AssetPath {
    /// The kind of asset.
    kind: AssetKind,
    /// The database; null if the server has no level above its schemas.
    database: Option<String>,
    /// The schema.
    schema: Option<String>,
    /// The table or view.
    table: Option<String>,
    /// The column.
    column: Option<String>,
    /// The path for people: `public.users.email`. A part with a dot, space, colon or slash is in double quotes.
    display: String,
}

impl From<&asset::AssetPath> for AssetPath {
    fn from(path: &asset::AssetPath) -> Self {
        Self {
            kind: path.kind.into(),
            database: path.database.clone(),
            schema: path.schema.clone(),
            table: path.table.clone(),
            column: path.column.clone(),
            display: path.display(),
        }
    }
}

/// The confidence of a suggestion in three bands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "suggestion::ConfidenceBand")]
pub enum ConfidenceBand {
    /// 0.75 or more.
    High,
    /// 0.50 or more, below 0.75.
    Medium,
    /// Below 0.50.
    Low,
}

/// The review state of a suggestion.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "suggestion::ReviewState")]
pub enum ReviewState {
    /// Undecided.
    Unreviewed,
    /// The description or one of its alternatives will be written.
    Accepted,
    /// The reviewer's own text will be written.
    Edited,
    /// It will not be written.
    Skipped,
}

/// Whether a description says more than the asset's name, type and present comment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "substance::Substance")]
pub enum Substance {
    /// It says more: a meaning, a unit, allowed values, a rule, or a target that the name does not tell.
    Informative,
    /// All its words are in the asset's name, its table's name or its type, or are filler words.
    RestatesName,
    /// All its words are in the present comment.
    RestatesComment,
}

/// One wording of a suggestion. Index 0 is the description itself.
#[derive(SimpleObject, Debug, Clone)]
pub struct Alternative {
    /// Its index, from 0; `reviewSuggestions` selects an alternative by it.
    index: i32,
    /// The text.
    text: String,
    /// The model's confidence, 0 to 1.
    confidence: f64,
}

/// One piece of evidence for a description.
#[derive(SimpleObject, Debug, Clone)]
pub struct Evidence {
    /// The kind of evidence: `name`, `type`, `check`, `key`, `statistic`, `sample`, `comment`, …
    source: String,
    /// The evidence itself.
    detail: String,
}

/// The decision on a suggestion.
#[derive(SimpleObject, Debug, Clone)]
pub struct Review {
    /// The decision.
    state: ReviewState,
    /// The reviewer; null if undecided.
    reviewer: Option<String>,
    /// When it was decided; null if undecided.
    at: Option<Moment>,
    /// The chosen or edited text, if it is not the description.
    text: Option<String>,
}

/// A suggested description for an asset.
#[derive(Clone)]
pub struct Suggestion(pub Arc<suggestion::Suggestion>);

/// A suggested description for an asset.
#[Object]
impl Suggestion {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The run that made it.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load_one(self.0.run_id).await?;
        let run = run
            .ok_or_else(|| Error::not_found(format!("run #{} has been deleted; load the list again", self.0.run_id)))?;
        Ok(Run(run))
    }

    /// The asset that it describes.
    async fn asset(&self) -> AssetPath {
        AssetPath::from(&self.0.asset)
    }

    /// The description, which is the first alternative.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The model's confidence, 0 to 1.
    async fn confidence(&self) -> f64 {
        self.0.confidence
    }

    /// The confidence band.
    async fn band(&self) -> ConfidenceBand {
        suggestion::ConfidenceBand::of(self.0.confidence).into()
    }

    /// Whether the description says more than the asset's name and comment. It rates the model's text; an edit does not
    /// change it.
    async fn substance(&self) -> Substance {
        self.0.substance.into()
    }

    /// The mean log-probability per token; null if the provider gives none.
    async fn logprob(&self) -> Option<f64> {
        self.0.logprob
    }

    /// All alternatives, best first. The first one is the description.
    async fn alternatives(&self, context: &Context<'_>) -> Result<Vec<Alternative>> {
        let alternatives = loaders(context).alternatives.load_one(self.0.id).await?.unwrap_or_default().into_iter();
        let shape = |(index, it): (usize, suggestion::Alternative)| Alternative {
            index: count(index),
            text: it.text,
            confidence: it.confidence,
        };
        Ok(alternatives.enumerate().map(shape).collect())
    }

    /// The model's reasoning, in its own words.
    async fn reasoning(&self) -> Option<&str> {
        self.0.reasoning.as_deref()
    }

    /// The evidence for the description: statistics, keys, samples, comments, …
    async fn evidence(&self, context: &Context<'_>) -> Result<Vec<Evidence>> {
        let evidence = loaders(context).evidence.load_one(self.0.id).await?.unwrap_or_default();
        Ok(evidence
            .into_iter()
            .map(|it| Evidence { source: it.source, detail: visible(&it.detail).into_owned() })
            .collect())
    }

    /// The comment in the database when the run read it.
    async fn existing_comment(&self) -> Option<&str> {
        self.0.existing_comment.as_deref()
    }

    /// The decision on it.
    async fn review(&self) -> Review {
        let review = &self.0.review;
        Review {
            state: review.state.into(),
            reviewer: review.reviewer.clone(),
            at: review.at,
            text: review.text.clone(),
        }
    }

    /// The text that an apply would write: the edited or chosen one, else the description.
    async fn final_text(&self) -> &str {
        self.0.final_text()
    }

    /// Its version: 1 for the first, counted up by re-runs.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// The write of its text to the database; null if there was none, or if it was rolled back.
    async fn applied(&self, context: &Context<'_>) -> Result<Option<AppliedComment>> {
        let Some(id) = self.0.applied_id else { return Ok(None) };
        Ok(loaders(context).applied_comments.load_one(id).await?.map(AppliedComment))
    }

    /// All suggestions for this asset in its chain of re-runs, including this one, by version.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn versions(&self, context: &Context<'_>) -> Result<Vec<Self>> {
        let chain = loaders(context).chains.load_one(self.0.chain_id).await?;
        Ok(chain.unwrap_or_else(|| vec![self.0.clone()]).into_iter().map(Self).collect())
    }
}

/// The number of suggestions per confidence band.
#[derive(SimpleObject, Debug, Clone)]
pub struct ConfidenceDistribution {
    /// 0.75 or more.
    high: i32,
    /// 0.50 or more, below 0.75.
    medium: i32,
    /// Below 0.50.
    low: i32,
}

impl From<suggestion::ConfidenceDistribution> for ConfidenceDistribution {
    fn from(counts: suggestion::ConfidenceDistribution) -> Self {
        Self { high: counts.high, medium: counts.medium, low: counts.low }
    }
}

/// The number of suggestions per review state.
#[derive(SimpleObject, Debug, Clone)]
pub struct ReviewCounts {
    /// Undecided.
    unreviewed: i32,
    /// Accepted: the description or one of its alternatives.
    accepted: i32,
    /// Accepted with the reviewer's own text.
    edited: i32,
    /// Skipped: not to be written.
    skipped: i32,
    /// Written to the database.
    applied: i32,
}

impl From<suggestion::ReviewCounts> for ReviewCounts {
    fn from(counts: suggestion::ReviewCounts) -> Self {
        Self {
            unreviewed: counts.unreviewed,
            accepted: counts.accepted,
            edited: counts.edited,
            skipped: counts.skipped,
            applied: counts.applied,
        }
    }
}

/// One page of a run's suggestions.
pub type SuggestionConnection = Connection<Suggestion, SuggestionTotals>;

/// Converts a page of a run's suggestions that match `filter` to a connection.
pub fn suggestions(
    page: Page<suggestion::Suggestion>,
    run: RunId,
    filter: suggestion::SuggestionFilter,
) -> SuggestionConnection {
    connection(page, SuggestionTotals { run, filter }, |it| Suggestion(Arc::new(it)))
}

/// The counts of a run's suggestions.
pub struct SuggestionTotals {
    run: RunId,
    filter: suggestion::SuggestionFilter,
}

/// The counts of a run's suggestions.
#[Object]
impl SuggestionTotals {
    /// The number of suggestions that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.suggestions_count(self.run, &self.filter).await?))
    }

    /// Facets: counts per filter value. Each facet ignores the filter on its own field.
    #[graphql(complexity = "20 + child_complexity")]
    async fn facets(&self) -> SuggestionFacets {
        SuggestionFacets { run: self.run, filter: self.filter.clone(), tallies: OnceCell::new() }
    }
}
