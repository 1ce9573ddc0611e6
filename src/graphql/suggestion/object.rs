//! The suggestion and its parts.

use crate::domain::text::visible;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use tokio::sync::OnceCell;

use crate::{
    domain::{self, Error, asset, clock::Moment, id::RunId, page::Page, substance, suggestion},
    graphql::{
        apply::object::AppliedComment,
        connection::{PageInfo, Rows, count},
        context::{loaders, services},
        ids::Key,
        run::object::Run,
        suggestion::facets::SuggestionFacets,
    },
};

/// What an asset is.
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

/// Where an asset stands. The parts that its kind does not have are null.
#[derive(SimpleObject, Debug, Clone)]
pub struct AssetPath {
    /// What it is.
    kind: AssetKind,
    /// The database; null where the server has no level above its schemas.
    database: Option<String>,
    /// The schema.
    schema: Option<String>,
    /// The table or view.
    table: Option<String>,
    /// The column.
    column: Option<String>,
    /// For a person: `public.users.email`. A part with a dot, space, colon or slash stands in double quotes.
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

/// How sure a suggestion is, in three bands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "suggestion::ConfidenceBand")]
pub enum ConfidenceBand {
    /// From 0.75.
    High,
    /// From 0.50 to below 0.75.
    Medium,
    /// Below 0.50.
    Low,
}

/// What a person decided about a suggestion.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "suggestion::ReviewState")]
pub enum ReviewState {
    /// Nothing yet.
    Unreviewed,
    /// The text or one of its alternatives is to be written.
    Accepted,
    /// A text of the reviewer's own is to be written.
    Edited,
    /// It is not to be written.
    Skipped,
}

/// Whether a description says anything that the asset's name, type and present comment do not.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "substance::Substance")]
pub enum Substance {
    /// It says more: a meaning, a unit, allowed values, a target that the name does not tell, a rule.
    Informative,
    /// All its words stand in the asset's name, its table's name or its type's, or are words of form.
    RestatesName,
    /// All its words stand in the comment that is there.
    RestatesComment,
}

/// One wording of a suggestion. Index 0 is the description itself.
#[derive(SimpleObject, Debug, Clone)]
pub struct Alternative {
    /// Its place, from 0; `reviewSuggestions` chooses by it.
    index: i32,
    /// The wording.
    text: String,
    /// How sure the model is of it, 0 to 1.
    confidence: f64,
}

/// One thing that a description rests on.
#[derive(SimpleObject, Debug, Clone)]
pub struct Evidence {
    /// What kind of thing: `name`, `type`, `key`, `statistic`, `sample`, `comment`, …
    source: String,
    /// What it says.
    detail: String,
}

/// A person's decision on a suggestion.
#[derive(SimpleObject, Debug, Clone)]
pub struct Review {
    /// The decision.
    state: ReviewState,
    /// The caller that decided; null while nobody has.
    reviewer: Option<String>,
    /// When; null while nobody has.
    at: Option<Moment>,
    /// The chosen or edited text, where it is not the description.
    text: Option<String>,
}

/// What a run proposes for an asset.
#[derive(Clone)]
pub struct Suggestion(pub Arc<suggestion::Suggestion>);

/// What a run proposes for an asset.
#[Object]
impl Suggestion {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The run that made it.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load(self.0.run_id).await?;
        let run = run.ok_or_else(|| Error::not_found(format!("run #{} was deleted meanwhile", self.0.run_id)))?;
        Ok(Run(run))
    }

    /// What it describes.
    async fn asset(&self) -> AssetPath {
        AssetPath::from(&self.0.asset)
    }

    /// The description: the first of the wordings.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// How sure the model is of it, 0 to 1.
    async fn confidence(&self) -> f64 {
        self.0.confidence
    }

    /// The band that its confidence falls into.
    async fn band(&self) -> ConfidenceBand {
        suggestion::ConfidenceBand::of(self.0.confidence).into()
    }

    /// Whether the description says more than the asset does. It rates what the model wrote: an edited text changes
    /// nothing here.
    async fn substance(&self) -> Substance {
        self.0.substance.into()
    }

    /// Mean log-probability per token, where the provider gives it.
    async fn logprob(&self) -> Option<f64> {
        self.0.logprob
    }

    /// All wordings, best first; the first is the description.
    async fn alternatives(&self, context: &Context<'_>) -> Result<Vec<Alternative>> {
        let alternatives = loaders(context).alternatives.load(self.0.id).await?.unwrap_or_default().into_iter();
        let shape = |(index, it): (usize, suggestion::Alternative)| Alternative {
            index: count(index),
            text: it.text,
            confidence: it.confidence,
        };
        Ok(alternatives.enumerate().map(shape).collect())
    }

    /// Why the model says so, in its own words.
    async fn reasoning(&self) -> Option<&str> {
        self.0.reasoning.as_deref()
    }

    /// What the description rests on: a statistic, a key, a sample, a comment, …
    async fn evidence(&self, context: &Context<'_>) -> Result<Vec<Evidence>> {
        let evidence = loaders(context).evidence.load(self.0.id).await?.unwrap_or_default();
        Ok(evidence
            .into_iter()
            .map(|it| Evidence { source: it.source, detail: visible(&it.detail).into_owned() })
            .collect())
    }

    /// The comment that stood in the database when the run looked.
    async fn existing_comment(&self) -> Option<&str> {
        self.0.existing_comment.as_deref()
    }

    /// What a person decided.
    async fn review(&self) -> Review {
        let review = &self.0.review;
        Review {
            state: review.state.into(),
            reviewer: review.reviewer.clone(),
            at: review.at,
            text: review.text.clone(),
        }
    }

    /// The text that an apply would write: edited, chosen or first.
    async fn final_text(&self) -> &str {
        self.0.final_text()
    }

    /// 1 for the first; a re-run's suggestion counts on.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// The write that put its text into the database; null where none did, or it was undone.
    async fn applied(&self, context: &Context<'_>) -> Result<Option<AppliedComment>> {
        let Some(id) = self.0.applied_id else { return Ok(None) };
        Ok(loaders(context).applied_comments.load(id).await?.map(AppliedComment))
    }

    /// All suggestions for this asset in a chain of re-runs, this one included, by version.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn versions(&self, context: &Context<'_>) -> Result<Vec<Self>> {
        let chain = loaders(context).chains.load(self.0.chain_id).await?;
        Ok(chain.unwrap_or_else(|| vec![self.0.clone()]).into_iter().map(Self).collect())
    }
}

/// Suggestions per band of confidence.
#[derive(SimpleObject, Debug, Clone)]
pub struct ConfidenceDistribution {
    /// From 0.75.
    high: i32,
    /// From 0.50 to below 0.75.
    medium: i32,
    /// Below 0.50.
    low: i32,
}

impl From<suggestion::ConfidenceDistribution> for ConfidenceDistribution {
    fn from(counts: suggestion::ConfidenceDistribution) -> Self {
        Self { high: counts.high, medium: counts.medium, low: counts.low }
    }
}

/// Suggestions per state of review.
#[derive(SimpleObject, Debug, Clone)]
pub struct ReviewCounts {
    /// Not decided on yet.
    unreviewed: i32,
    /// Accepted as they are, or one of their alternatives.
    accepted: i32,
    /// Accepted with a text of the reviewer's own.
    edited: i32,
    /// Not to be written.
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

/// A suggestion in a list, with its place.
#[derive(SimpleObject)]
pub struct SuggestionEdge {
    /// Its place in this list and order; give it as `after` or `before`.
    cursor: String,
    /// The suggestion.
    node: Suggestion,
}

/// One page of a run's suggestions.
pub struct SuggestionConnection {
    rows: Rows<Suggestion>,
    run: RunId,
    filter: suggestion::SuggestionFilter,
}

impl SuggestionConnection {
    /// The page, and what its count is under.
    pub fn new(run: RunId, filter: suggestion::SuggestionFilter, page: Page<domain::suggestion::Suggestion>) -> Self {
        Self { rows: Rows::new(page, |it| Suggestion(Arc::new(it))), run, filter }
    }
}

/// One page of a run's suggestions.
#[Object]
impl SuggestionConnection {
    /// The suggestions of this page with their cursors.
    async fn edges(&self) -> Vec<SuggestionEdge> {
        self.rows.edges(|cursor, node| SuggestionEdge { cursor, node })
    }

    /// The suggestions of this page.
    async fn nodes(&self) -> Vec<Suggestion> {
        self.rows.nodes()
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info()
    }

    /// All suggestions of the run under the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.suggestions_count(self.run, &self.filter).await?))
    }

    /// Figures for chips, each under the same filter without its own part.
    #[graphql(complexity = "20 + child_complexity")]
    async fn facets(&self) -> SuggestionFacets {
        SuggestionFacets { run: self.run, filter: self.filter.clone(), tallies: OnceCell::new() }
    }
}
