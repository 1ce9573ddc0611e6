//! Suggestions: what a run proposes for an asset, and what a person decided about it.

use serde::{Deserialize, Serialize};

use super::{
    asset::{AssetKind, AssetPath},
    clock::Moment,
    filter::OrderDirection,
    id::{AppliedCommentId, RunId, SuggestionId},
    spelling::spelled,
    substance::Substance,
};

/// How sure a suggestion is, in three bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConfidenceBand {
    /// From 0.75.
    High,
    /// From 0.50.
    Medium,
    /// Below.
    Low,
}

spelled!(ConfidenceBand { High => "HIGH", Medium => "MEDIUM", Low => "LOW" });

impl ConfidenceBand {
    /// Where HIGH begins.
    pub const HIGH_FROM: f64 = 0.75;
    /// Where MEDIUM begins.
    pub const MEDIUM_FROM: f64 = 0.50;

    /// The band of a confidence.
    #[must_use]
    pub fn of(confidence: f64) -> Self {
        if confidence >= Self::HIGH_FROM {
            Self::High
        } else if confidence >= Self::MEDIUM_FROM {
            Self::Medium
        } else {
            Self::Low
        }
    }
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Nothing yet.
    Unreviewed,
    /// The text or one of its alternatives.
    Accepted,
    /// A text of the reviewer's own.
    Edited,
    /// Not to be written.
    Skipped,
}

spelled!(ReviewState { Unreviewed => "UNREVIEWED", Accepted => "ACCEPTED", Edited => "EDITED", Skipped => "SKIPPED" });

/// A wording, the first of which is the description itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The wording.
    pub text: String,
    /// 0 to 1.
    pub confidence: f64,
}

/// One thing a description rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What kind of thing: `name`, `type`, `key`, `statistic`, `sample`, `comment`, …
    pub source: String,
    /// What it says.
    pub detail: String,
}

/// What a model proposes for one asset, before it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Wordings, best first; at least one.
    pub alternatives: Vec<Alternative>,
    /// Mean log-probability per token, where the provider gives it.
    pub logprob: Option<f64>,
    /// Why.
    pub reasoning: Option<String>,
    /// On what.
    pub evidence: Vec<Evidence>,
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The decision.
    pub state: ReviewState,
    /// The caller that decided.
    pub reviewer: Option<String>,
    /// When.
    pub at: Option<Moment>,
    /// The chosen or edited text.
    pub text: Option<String>,
}

/// A recorded suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Its key.
    pub id: SuggestionId,
    /// The run that made it.
    pub run_id: RunId,
    /// The row's place in the run, from 1.
    pub position: i32,
    /// The asset.
    pub asset: AssetPath,
    /// The first wording.
    pub description: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Mean log-probability per token.
    pub logprob: Option<f64>,
    /// Why.
    pub reasoning: Option<String>,
    /// The comment that stood in the database when the run looked.
    pub existing_comment: Option<String>,
    /// Whether the description says more than the asset does.
    pub substance: Substance,
    /// The decision.
    pub review: Review,
    /// 1 for the first.
    pub version: i32,
    /// The first suggestion of the chain of re-runs that it belongs to; itself where it is the first.
    pub chain_id: SuggestionId,
    /// The write that put its text into the database, unless that was undone.
    pub applied_id: Option<AppliedCommentId>,
}

impl ReviewCounts {
    /// Adds suggestions in a state, some of them applied.
    pub const fn add(&mut self, state: ReviewState, count: i32, applied: i32) {
        let place = match state {
            ReviewState::Unreviewed => &mut self.unreviewed,
            ReviewState::Accepted => &mut self.accepted,
            ReviewState::Edited => &mut self.edited,
            ReviewState::Skipped => &mut self.skipped,
        };
        *place = place.saturating_add(count);
        self.applied = self.applied.saturating_add(applied);
    }
}

impl Suggestion {
    /// The text that an apply would write: edited, chosen or first.
    #[must_use]
    pub fn final_text(&self) -> &str {
        self.review.text.as_deref().unwrap_or(&self.description)
    }
}

/// Which suggestions of a run; an absent part does not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SuggestionFilter {
    /// In one of these states.
    pub states: Option<Vec<ReviewState>>,
    /// In one of these bands.
    pub bands: Option<Vec<ConfidenceBand>>,
    /// For assets of these kinds.
    pub kinds: Option<Vec<AssetKind>>,
    /// Whose description says so much.
    pub substances: Option<Vec<Substance>>,
    /// Whether a comment stood on the asset when the run looked.
    pub has_comment: Option<bool>,
    /// Of this schema, exactly so spelled.
    pub schema: Option<String>,
    /// Of this table, exactly so spelled.
    pub table: Option<String>,
    /// Whose asset or description holds this text; letter case does not count, `%` and `_` are plain.
    pub search: Option<String>,
    /// Whose asset's path holds this text; letter case does not count, `%` and `_` are plain.
    pub name: Option<String>,
}

/// How many suggestions of a run share these four: what facets are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuggestionTally {
    /// In this state.
    pub state: ReviewState,
    /// In this band.
    pub band: ConfidenceBand,
    /// For assets of this kind.
    pub kind: AssetKind,
    /// Whose description says so much.
    pub substance: Substance,
    /// How many they are.
    pub count: i32,
    /// How many of them stand in the database.
    pub applied: i32,
}

/// How many suggestions of a run a table has, its columns' included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCount {
    /// The schema.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// How many.
    pub count: i32,
}

/// The parts of a filter that facets count without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// The states.
    States,
    /// The bands.
    Bands,
    /// The kinds.
    Kinds,
    /// The substances.
    Substances,
}

impl SuggestionFilter {
    /// The filter without what tallies tell apart.
    #[must_use]
    pub fn without_tallied(&self) -> Self {
        Self { states: None, bands: None, kinds: None, substances: None, ..self.clone() }
    }

    /// Of the tallies under [`SuggestionFilter::without_tallied`] those that pass the filter without a facet's part.
    pub fn tallied<'a>(
        &'a self,
        tallies: &'a [SuggestionTally],
        without: Facet,
    ) -> impl Iterator<Item = &'a SuggestionTally> {
        fn passes<T: PartialEq>(wanted: Option<&Vec<T>>, value: &T) -> bool {
            wanted.is_none_or(|wanted| wanted.contains(value))
        }
        tallies.iter().filter(move |tally| {
            (without == Facet::States || passes(self.states.as_ref(), &tally.state))
                && (without == Facet::Bands || passes(self.bands.as_ref(), &tally.band))
                && (without == Facet::Kinds || passes(self.kinds.as_ref(), &tally.kind))
                && (without == Facet::Substances || passes(self.substances.as_ref(), &tally.substance))
        })
    }
}

/// What suggestions can be ordered by. Ties go by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionOrderField {
    /// As the run walked.
    Position,
    /// By confidence.
    Confidence,
    /// By the asset's name as displayed.
    Name,
    /// By state.
    ReviewState,
}

spelled!(SuggestionOrderField {
    Position => "POSITION", Confidence => "CONFIDENCE", Name => "NAME", ReviewState => "REVIEW_STATE",
});

impl SuggestionOrderField {
    /// The list of a run's suggestions in this order, as its cursors name it.
    #[must_use]
    pub fn list_name(self, run: RunId, direction: OrderDirection) -> String {
        format!("suggestions:{run}:{}:{}", self.as_str(), direction.as_str())
    }
}

/// How many suggestions are in each band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConfidenceDistribution {
    /// HIGH.
    pub high: i32,
    /// MEDIUM.
    pub medium: i32,
    /// LOW.
    pub low: i32,
}

/// How many suggestions are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewCounts {
    /// UNREVIEWED.
    pub unreviewed: i32,
    /// ACCEPTED.
    pub accepted: i32,
    /// EDITED.
    pub edited: i32,
    /// SKIPPED.
    pub skipped: i32,
    /// Written to the database.
    pub applied: i32,
}
