//! Suggestions: what a run proposes for an asset, and the review of it.

use serde::{Deserialize, Serialize};

use super::{
    asset::{AssetKind, AssetPath},
    clock::Moment,
    filter::OrderDirection,
    id::{AppliedCommentId, RunId, SuggestionId},
    spelling::spelled,
    substance::Substance,
};

/// A band of confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConfidenceBand {
    /// 0.75 or higher.
    High,
    /// 0.50 or higher, and lower than HIGH.
    Medium,
    /// Lower than MEDIUM.
    Low,
}

spelled!(ConfidenceBand { High => "HIGH", Medium => "MEDIUM", Low => "LOW" });

impl ConfidenceBand {
    /// Lower bound of HIGH.
    pub const HIGH_FROM: f64 = 0.75;
    /// Lower bound of MEDIUM.
    pub const MEDIUM_FROM: f64 = 0.50;

    /// The band of a confidence from 0 to 1.
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

/// The state of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// No decision yet.
    Unreviewed,
    /// The reviewer accepted the description or an alternative.
    Accepted,
    /// The reviewer wrote the text.
    Edited,
    /// The suggestion is not to be written.
    Skipped,
}

spelled!(ReviewState { Unreviewed => "UNREVIEWED", Accepted => "ACCEPTED", Edited => "EDITED", Skipped => "SKIPPED" });

/// A wording of a description. The first alternative is the description itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The wording.
    pub text: String,
    /// The confidence, 0 to 1.
    pub confidence: f64,
}

/// A piece of evidence for a description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The kind of evidence: `name`, `type`, `key`, `statistic`, `sample`, `comment`, …
    pub source: String,
    /// The evidence in words.
    pub detail: String,
}

/// A model's proposal for one asset, before it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The wordings, best first; at least one.
    pub alternatives: Vec<Alternative>,
    /// Mean log-probability per token; `None` if the provider does not report it.
    pub logprob: Option<f64>,
    /// The model's reasoning.
    pub reasoning: Option<String>,
    /// The evidence.
    pub evidence: Vec<Evidence>,
}

/// A review of a suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The state.
    pub state: ReviewState,
    /// The caller that decided.
    pub reviewer: Option<String>,
    /// The time of the decision.
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
    /// The row's position in the run, from 1.
    pub position: i32,
    /// The asset.
    pub asset: AssetPath,
    /// The first wording.
    pub description: String,
    /// The confidence, 0 to 1.
    pub confidence: f64,
    /// Mean log-probability per token; `None` if the provider does not report it.
    pub logprob: Option<f64>,
    /// The model's reasoning.
    pub reasoning: Option<String>,
    /// The comment in the database when the run read it.
    pub existing_comment: Option<String>,
    /// The substance of the description.
    pub substance: Substance,
    /// The review.
    pub review: Review,
    /// The version in its chain of re-runs, from 1.
    pub version: i32,
    /// The first suggestion of its chain of re-runs; its own id if it is the first.
    pub chain_id: SuggestionId,
    /// The write that put its text into the database; `None` if there was none or it was rolled back.
    pub applied_id: Option<AppliedCommentId>,
}

impl ReviewCounts {
    /// Adds `count` suggestions in `state`, of which `applied` are in the database.
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
    /// The text that an apply writes: the edited or chosen text, otherwise the description.
    #[must_use]
    pub fn final_text(&self) -> &str {
        self.review.text.as_deref().unwrap_or(&self.description)
    }
}

/// A filter of a run's suggestions. A field that is `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SuggestionFilter {
    /// Suggestions in one of these states.
    pub states: Option<Vec<ReviewState>>,
    /// Suggestions in one of these bands.
    pub bands: Option<Vec<ConfidenceBand>>,
    /// Suggestions for assets of these kinds.
    pub kinds: Option<Vec<AssetKind>>,
    /// Suggestions whose description has one of these substances.
    pub substances: Option<Vec<Substance>>,
    /// Whether the asset had a comment when the run read it.
    pub has_comment: Option<bool>,
    /// Whether a re-run made a newer version that was not skipped.
    pub has_newer_version: Option<bool>,
    /// Suggestions for assets of this schema; the name must match exactly.
    pub schema: Option<String>,
    /// Suggestions for assets of this table; the name must match exactly.
    pub table: Option<String>,
    /// Suggestions whose asset or description contains this text. Letter case is ignored; `%` and `_` match literally.
    pub search: Option<String>,
    /// Suggestions whose asset's path contains this text. Letter case is ignored; `%` and `_` match literally.
    pub name: Option<String>,
}

/// The number of a run's suggestions with the same state, band, kind and substance. Facets are computed from tallies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuggestionTally {
    /// The state.
    pub state: ReviewState,
    /// The band.
    pub band: ConfidenceBand,
    /// The kind of the assets.
    pub kind: AssetKind,
    /// The substance.
    pub substance: Substance,
    /// Number of suggestions.
    pub count: i32,
    /// Number of them that are in the database.
    pub applied: i32,
}

/// The number of a run's suggestions for one table, including its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCount {
    /// The schema.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// Number of suggestions.
    pub count: i32,
}

/// A facet: a part of the filter that its own counts leave out.
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
    /// The filter without the parts that tallies distinguish.
    #[must_use]
    pub fn without_tallied(&self) -> Self {
        Self { states: None, bands: None, kinds: None, substances: None, ..self.clone() }
    }

    /// Returns the tallies that match the filter when the part of `without` is left out. `tallies` are those of
    /// [`SuggestionFilter::without_tallied`].
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

/// The fields that suggestions can be sorted by. Ties are sorted by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionOrderField {
    /// The order in which the run processed the rows.
    Position,
    /// By confidence.
    Confidence,
    /// By the asset's displayed name.
    Name,
    /// By the state of the review.
    ReviewState,
}

spelled!(SuggestionOrderField {
    Position => "POSITION", Confidence => "CONFIDENCE", Name => "NAME", ReviewState => "REVIEW_STATE",
});

impl SuggestionOrderField {
    /// The name that cursors give the list of a run's suggestions in this order.
    #[must_use]
    pub fn list_name(self, run: RunId, direction: OrderDirection) -> String {
        format!("suggestions:{run}:{}:{}", self.as_str(), direction.as_str())
    }
}

/// The number of suggestions in each band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConfidenceDistribution {
    /// HIGH.
    pub high: i32,
    /// MEDIUM.
    pub medium: i32,
    /// LOW.
    pub low: i32,
}

/// The number of suggestions in each state.
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
