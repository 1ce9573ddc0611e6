//! Suggestions as the review reads them, and the decisions on them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{
    asset::AssetKind,
    substance::Substance,
    suggestion::{Alternative, ConfidenceBand, Evidence, ReviewState},
};

/// A suggestion.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// Its global id.
    pub id: String,
    /// The asset that it describes.
    pub asset: Asset,
    /// The first wording.
    pub description: String,
    /// The text that an apply would write.
    pub final_text: String,
    /// The confidence, 0 to 1.
    pub confidence: f64,
    /// The band of the confidence.
    pub band: ConfidenceBand,
    /// Whether the text says more than the name and the comment.
    pub substance: Substance,
    /// The model's reasoning.
    pub reasoning: Option<String>,
    /// The comment when the run read the database.
    pub existing_comment: Option<String>,
    /// All wordings; the first one is the description.
    pub alternatives: Vec<Alternative>,
    /// What the text is based on.
    pub evidence: Vec<Evidence>,
    /// The decision.
    pub review: Review,
    /// Its version in its chain of re-runs.
    pub version: u32,
    /// The write of its text to the database.
    pub applied: Option<Applied>,
    /// What only the suggestion that is looked at needs.
    #[serde(skip)]
    pub details: Option<Details>,
}

/// The path of an asset.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Asset {
    /// The kind of asset.
    pub kind: AssetKind,
    /// The path for people.
    pub display: String,
}

/// A decision, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// The state.
    pub state: ReviewState,
    /// The caller that decided.
    pub reviewer: Option<String>,
    /// The chosen or edited text.
    pub text: Option<String>,
}

impl Review {
    /// Returns whether two reviews are the same decision. The reviewer does not count.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.state == other.state && self.text == other.text
    }
}

/// A write of a text to the database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Applied {}

/// What is read only for the suggestion that is looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// The other versions for the same asset.
    pub versions: Vec<Version>,
    /// Whether Gloss wrote the comment that is in the database, as it had suggested it; `None` if unknown.
    pub is_comment_of_gloss: Option<bool>,
}

/// Another version of a suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Its number.
    pub number: u64,
    /// The number of its run.
    pub run: u64,
    /// Its text.
    pub text: String,
    /// Its review state, in words.
    pub state: String,
}

/// A decision on a suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The alternative at this index is to be written; 0 is the description.
    Accept(usize),
    /// This text is to be written.
    Edit(String),
    /// Nothing is to be written.
    Skip,
    /// The suggestion is unreviewed again.
    Restore,
}

impl Decision {
    /// The decision as fields of the API's input.
    #[must_use]
    pub fn fields(&self) -> Value {
        match self {
            Self::Accept(0) => json!({ "decision": "ACCEPT" }),
            Self::Accept(alternative) => json!({ "decision": "ACCEPT", "alternative": alternative }),
            Self::Edit(text) => json!({ "decision": "ACCEPT", "text": text }),
            Self::Skip => json!({ "decision": "SKIP" }),
            Self::Restore => json!({ "decision": "RESTORE" }),
        }
    }

    /// What was done, in a word.
    #[must_use]
    pub const fn done(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accepted",
            Self::Edit(_) => "edited",
            Self::Skip => "skipped",
            Self::Restore => "restored",
        }
    }

    /// The state of a suggestion after the decision.
    #[must_use]
    pub const fn state(&self) -> ReviewState {
        match self {
            Self::Accept(_) => ReviewState::Accepted,
            Self::Edit(_) => ReviewState::Edited,
            Self::Skip => ReviewState::Skipped,
            Self::Restore => ReviewState::Unreviewed,
        }
    }
}

impl Suggestion {
    /// The decision that brings back the present review.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let text = self.review.text.as_deref();
        match self.review.state {
            ReviewState::Unreviewed => Decision::Restore,
            ReviewState::Skipped => Decision::Skip,
            ReviewState::Edited => Decision::Edit(text.unwrap_or(&self.description).to_owned()),
            ReviewState::Accepted => {
                let chosen = text.and_then(|text| self.alternatives.iter().position(|it| it.text == text));
                Decision::Accept(chosen.unwrap_or_default())
            }
        }
    }

    /// The review after a decision.
    #[must_use]
    pub fn reviewed(&self, decision: &Decision, reviewer: &str) -> Review {
        let text = match decision {
            Decision::Skip | Decision::Restore => None,
            Decision::Accept(index) => self.alternatives.get(*index).map(|it| it.text.clone()),
            Decision::Edit(text) => Some(text.clone()),
        };
        let reviewer = (*decision != Decision::Restore).then(|| reviewer.to_owned());
        Review { state: decision.state(), reviewer, text }
    }

    /// Records a review.
    pub fn set_review(&mut self, review: Review) {
        self.final_text = review.text.clone().unwrap_or_else(|| self.description.clone());
        self.review = review;
    }
}

/// Suggestions for tests.
#[cfg(test)]
pub mod samples {
    use super::*;

    /// An unreviewed suggestion with two alternatives.
    pub fn suggestion(position: usize) -> Suggestion {
        serde_json::from_value(json!({
            "id": format!("s{position}"),
            "asset": { "kind": "COLUMN", "display": format!("main.orders.column_{position}") },
            "description": "Status of the order.", "finalText": "Status of the order.",
            "confidence": 0.87, "band": "HIGH", "substance": "INFORMATIVE",
            "reasoning": null, "existingComment": null,
            "alternatives": [
                { "text": "Status of the order.", "confidence": 0.87 },
                { "text": "State that an order is in.", "confidence": 0.5 },
            ],
            "evidence": [{ "source": "type", "detail": "TEXT" }],
            "review": { "state": "UNREVIEWED", "reviewer": null, "text": null },
            "version": 1, "applied": null,
        }))
        .unwrap()
    }

    #[test]
    fn a_review_can_be_brought_back() {
        for decision in [
            Decision::Restore,
            Decision::Skip,
            Decision::Accept(0),
            Decision::Accept(1),
            Decision::Edit("x".to_owned()),
        ] {
            let mut suggestion = suggestion(1);
            suggestion.set_review(suggestion.reviewed(&decision, "ann"));
            assert_eq!(suggestion.decision(), decision);
        }
    }
}
