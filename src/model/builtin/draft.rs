//! A description under construction: wordings, evidence and confidence.
//!
//! The rule: every draft has at least one wording. Wordings are distinct, and each ends with a full stop.

use crate::domain::{
    run::{RunOptions, Verbosity},
    substance::is_structure,
    suggestion::{Alternative, Draft, Evidence},
};

use super::words;

/// Minimum and maximum confidence: the describer is never entirely unsure and never certain.
const RANGE: (f64, f64) = (0.05, 0.97);

/// From which verbosity on a sentence is included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// From `DETAILED` on.
    Useful,
    /// Only for `COMPREHENSIVE`.
    Thorough,
}

/// A description under construction.
#[derive(Debug, Default)]
pub struct Sketch {
    /// Clauses without a full stop, best first.
    wordings: Vec<String>,
    /// Sentences without a full stop, added to each wording.
    details: Vec<(Need, String)>,
    evidence: Vec<Evidence>,
    /// The sum of what the evidence is worth.
    score: f64,
    /// The reasoning, one sentence.
    reasoning: String,
}

impl Sketch {
    /// Adds a wording. The first one is the best.
    pub fn wording(&mut self, text: impl Into<String>) {
        self.wordings.push(text.into());
    }

    /// Adds a sentence that follows every wording.
    pub fn detail(&mut self, need: Need, text: impl Into<String>) {
        self.details.push((need, text.into()));
    }

    /// Adds a piece of evidence, and `worth` to the score.
    pub fn evidence(&mut self, source: &str, detail: impl Into<String>, worth: f64) {
        self.evidence.push(Evidence { source: source.to_owned(), detail: detail.into() });
        self.score += worth;
    }

    /// Returns whether there is evidence from this source.
    pub fn has_evidence(&self, source: &str) -> bool {
        self.evidence.iter().any(|one| one.source == source)
    }

    /// Returns whether the sentences after the wording say more than the structure does.
    pub fn says_more_than_structure(&self) -> bool {
        let is_content = |text: &String| !is_structure(&text.to_lowercase());
        self.details.iter().any(|(need, text)| *need == Need::Useful && is_content(text))
    }

    /// Raises the score to at least `score`.
    pub fn at_least(&mut self, score: f64) {
        self.score = self.score.max(score);
    }

    /// Lowers the score to at most `score`.
    pub fn at_most(&mut self, score: f64) {
        self.score = self.score.min(score);
    }

    /// Sets the reasoning.
    pub fn because(&mut self, reasoning: impl Into<String>) {
        self.reasoning = reasoning.into();
    }

    /// Builds the draft for the options.
    pub fn finish(self, options: &RunOptions) -> Draft {
        let details: Vec<&str> = self
            .details
            .iter()
            .filter(|(need, _)| match options.verbosity {
                Verbosity::Brief => false,
                Verbosity::Detailed => *need == Need::Useful,
                Verbosity::Comprehensive => true,
            })
            .map(|(_, text)| text.as_str())
            .collect();
        let wanted = usize::try_from(options.alternatives).unwrap_or(1).max(1);
        let best = self.score.clamp(RANGE.0, RANGE.1);
        let mut alternatives: Vec<Alternative> = Vec::new();
        let mut confidence = best;
        for wording in &self.wordings {
            let wording = sentence(wording);
            // A comment that was kept may already contain them, for example if this describer wrote it.
            let details = details.iter().map(|detail| sentence(detail)).filter(|detail| !wording.contains(detail));
            let text = std::iter::once(wording.clone()).chain(details).collect::<Vec<_>>().join(" ");
            if alternatives.len() < wanted
                && !text.trim_matches(['.', ' ']).is_empty()
                && alternatives.iter().all(|one| one.text != text)
            {
                alternatives.push(Alternative { text, confidence: rounded(confidence) });
                confidence = (confidence * 0.92).max(RANGE.0);
            }
        }
        if alternatives.is_empty() {
            alternatives.push(Alternative { text: "Meaning not known.".to_owned(), confidence: RANGE.0 });
        }
        let mut reasoning = self.reasoning;
        if options.instructions.as_deref().is_some_and(|text| !text.trim().is_empty()) {
            reasoning = format!("{} The builtin describer cannot follow instructions.", sentence(&reasoning));
        }
        Draft { alternatives, logprob: None, reasoning: Some(sentence(&reasoning)), evidence: self.evidence }
    }
}

/// The text with a capital at the start and a full stop at the end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let end = if text.ends_with(['.', '!', '?', '…', '。']) { "" } else { "." };
    format!("{}{end}", words::capitalized(text))
}

fn rounded(confidence: f64) -> f64 {
    (confidence * 100.0).round() / 100.0
}
