//! The figures of a comparison, computed in one pass over the texts of its runs.
//!
//! The rule: parts are added in the order of the assets, regardless of the order of the runs, so that a sum over the
//! same texts is bit-for-bit the same. Memory grows with the number of distinct words only.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use serde::{Deserialize, Serialize};

use super::{
    ComparedText,
    text::{Grams, edit_similarity, folded, mutual_chrf, rouge_l, words},
};
use crate::{
    compare::{Agreement, grounding::grounding, text::chrf},
    substance::{Described, Substance, substance},
    suggestion::ConfidenceBand,
};

/// Lower bound of SIMILAR.
pub const SIMILAR_FROM: f64 = 0.6;

/// An accumulator for a mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean; `None` if nothing was added.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 suggestions")]
        let count = self.count as f64;
        (self.count > 0).then(|| self.sum / count)
    }
}

/// The figures of one run's texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TextFigures {
    /// Number of suggestions.
    pub suggestions: u64,
    /// Mean confidence, 0 to 1.
    pub confidence: Mean,
    /// Mean log-probability of the suggestions that have one.
    pub logprob: Mean,
    /// Number of suggestions of high confidence.
    pub high: u64,
    /// Number of suggestions of medium confidence.
    pub medium: u64,
    /// Number of suggestions of low confidence.
    pub low: u64,
    /// Number of suggestions whose substance is INFORMATIVE.
    #[serde(default)]
    pub informative: u64,
    /// Number of words in the texts.
    pub words: u64,
    /// Number of distinct words in the texts.
    pub distinct_words: u64,
    /// Mean grounding; see [`grounding`].
    pub grounding: Mean,
    /// Mean mutual chrF with each other run's text for the same asset.
    pub agreement: Mean,
    /// Mean chrF against the reference.
    pub chrf: Mean,
    /// Mean ROUGE-L against the reference.
    pub rouge_l: Mean,
    /// Mean edit similarity against the reference.
    pub edit_similarity: Mean,
}

impl TextFigures {
    fn merge(&mut self, other: &Self) {
        self.suggestions += other.suggestions;
        self.high += other.high;
        self.medium += other.medium;
        self.low += other.low;
        self.informative += other.informative;
        self.words += other.words;
        for (mean, part) in [
            (&mut self.confidence, other.confidence),
            (&mut self.logprob, other.logprob),
            (&mut self.grounding, other.grounding),
            (&mut self.agreement, other.agreement),
            (&mut self.chrf, other.chrf),
            (&mut self.rouge_l, other.rouge_l),
            (&mut self.edit_similarity, other.edit_similarity),
        ] {
            mean.merge(part);
        }
    }
}

/// How alike the texts for one asset are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// The agreement as a category.
    pub agreement: Agreement,
    /// Mean mutual chrF of all pairs of texts; `None` for fewer than two texts.
    pub similarity: Option<f64>,
}

/// The texts for one asset: one per run, in the order of the runs' numbers, and the reference.
#[derive(Debug, Clone)]
pub struct Group {
    /// One text per run; `None` if the run has no text for the asset.
    pub texts: Vec<Option<ComparedText>>,
    /// The reference text.
    pub reference: Option<String>,
}

/// The figures of some groups, and the likeness of each.
#[derive(Debug)]
pub struct Part {
    /// One likeness per group.
    pub likenesses: Vec<Likeness>,
    runs: Vec<TextFigures>,
    words: HashMap<u64, u8>,
}

impl Part {
    /// Compares the texts of each group across `runs` runs. If the references are the texts of one of the runs,
    /// `baseline` is its index.
    #[must_use]
    pub fn of(groups: &[Group], runs: usize, baseline: Option<usize>) -> Self {
        let mut part = Self { likenesses: Vec::new(), runs: vec![TextFigures::default(); runs], words: HashMap::new() };
        for group in groups {
            let likeness = part.weigh(group, baseline);
            part.likenesses.push(likeness);
        }
        part
    }

    fn weigh(&mut self, group: &Group, baseline: Option<usize>) -> Likeness {
        let grams: Vec<Option<Grams>> =
            group.texts.iter().map(|text| text.as_ref().map(|text| Grams::of(&text.description))).collect();
        let reference = group.reference.as_deref().map(|text| {
            let words: Vec<String> = words(text).collect();
            (text, Grams::of(text), words)
        });
        for (at, (text, own)) in group.texts.iter().zip(&grams).enumerate() {
            let (Some(text), Some(own)) = (text, own) else { continue };
            let words: Vec<String> = words(&text.description).collect();
            for word in &words {
                *self.words.entry(hash(word)).or_default() |= 1 << at;
            }
            let figures = &mut self.runs[at];
            figures.add(text, words.len());
            if let Some((reference, grams, reference_words)) = reference.as_ref().filter(|_| baseline != Some(at)) {
                figures.chrf.add(Some(chrf(own, grams)));
                figures.rouge_l.add(Some(rouge_l(&words, reference_words)));
                figures.edit_similarity.add(Some(edit_similarity(&text.description, reference)));
            }
        }
        let mut similarity = Mean::default();
        for (at, one) in grams.iter().enumerate() {
            for (other_at, other) in grams.iter().enumerate().skip(at + 1) {
                let (Some(one), Some(other)) = (one, other) else { continue };
                let chrf = Some(mutual_chrf(one, other));
                similarity.add(chrf);
                self.runs[at].agreement.add(chrf);
                self.runs[other_at].agreement.add(chrf);
            }
        }
        let similarity = similarity.value();
        Likeness { agreement: agreement(group, similarity), similarity }
    }
}

impl TextFigures {
    fn add(&mut self, text: &ComparedText, words: usize) {
        self.suggestions += 1;
        self.confidence.add(Some(text.confidence));
        self.logprob.add(text.logprob);
        match ConfidenceBand::of(text.confidence) {
            ConfidenceBand::High => self.high += 1,
            ConfidenceBand::Medium => self.medium += 1,
            ConfidenceBand::Low => self.low += 1,
        }
        let described = Described {
            asset: &text.asset,
            data_type: text.data_type.as_deref(),
            comment: text.existing_comment.as_deref(),
        };
        self.informative += u64::from(substance(&text.description, described) == Substance::Informative);
        self.words += words as u64;
        self.grounding.add(grounding(&text.asset, text.data_type.as_deref(), &text.description));
    }
}

fn agreement(group: &Group, similarity: Option<f64>) -> Agreement {
    let texts: Option<Vec<String>> =
        group.texts.iter().map(|text| text.as_ref().map(|text| folded(&text.description))).collect();
    match (texts, similarity) {
        (None, _) => Agreement::Missing,
        (Some(texts), _) if texts.windows(2).all(|pair| pair[0] == pair[1]) => Agreement::Same,
        (_, Some(similarity)) if similarity >= SIMILAR_FROM => Agreement::Similar,
        _ => Agreement::Different,
    }
}

/// Returns a hash that represents a word. With millions of distinct words, about one comparison in a million has a
/// collision.
fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// The sum of all parts.
#[derive(Debug, Default)]
pub struct Sum {
    runs: Vec<TextFigures>,
    words: HashMap<u64, u8>,
}

impl Sum {
    /// Creates an empty sum for `runs` runs.
    #[must_use]
    pub fn new(runs: usize) -> Self {
        Self { runs: vec![TextFigures::default(); runs], words: HashMap::new() }
    }

    /// Adds the next part.
    pub fn add(&mut self, part: Part) {
        for (run, of_part) in self.runs.iter_mut().zip(&part.runs) {
            run.merge(of_part);
        }
        for (word, runs) in part.words {
            *self.words.entry(word).or_default() |= runs;
        }
    }

    /// Returns the figures of each run.
    #[must_use]
    pub fn finish(mut self) -> Vec<TextFigures> {
        for runs in self.words.into_values() {
            for (at, run) in self.runs.iter_mut().enumerate() {
                run.distinct_words += u64::from(runs >> at & 1);
            }
        }
        self.runs
    }
}
