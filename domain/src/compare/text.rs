//! Measures of the similarity of two texts: chrF, ROUGE-L and edit similarity.
//!
//! The rule: each measure is computed as in its paper, from 0 to 1, and is tested against its reference implementation
//! in `tests/it/compare/reference.rs`. chrF uses sacrebleu's defaults: n-grams of up to six characters, no words, beta
//! 2, white space removed. ROUGE-L is the F1 of the longest common subsequence of lower-case words, segmented by
//! Unicode's rules.

use rapidfuzz::distance::levenshtein;
use unicode_segmentation::UnicodeSegmentation;

/// The maximum length of chrF's n-grams, in characters.
const ORDER: usize = 6;
/// Bits per character of an n-gram; enough to distinguish "no character" from NUL.
const BITS: usize = 21;
/// The square of chrF's beta, the weight of recall relative to precision.
const BETA_SQUARED: f64 = 4.0;

/// Returns whether chrF removes a character: white space according to Python's `str.split`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The n-grams of a text, computed once for all comparisons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grams {
    /// For each position, the next six characters packed into one number, with fewer at the end of the text. Sorted.
    runs: Vec<u128>,
}

impl Grams {
    /// Computes the n-grams of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let chars: Vec<u128> = text.chars().filter(|c| !is_space(*c)).map(|c| u128::from(u32::from(c)) + 1).collect();
        let mut runs: Vec<u128> = (0..chars.len())
            .map(|at| (at..at + ORDER).fold(0, |run, at| run << BITS | chars.get(at).copied().unwrap_or(0)))
            .collect();
        runs.sort_unstable();
        Self { runs }
    }

    /// Number of n-grams of `length` characters.
    const fn count(&self, length: usize) -> usize {
        (self.runs.len() + 1).saturating_sub(length)
    }

    /// The n-grams of `length` characters, sorted.
    fn of_length(&self, length: usize) -> impl Iterator<Item = u128> {
        let cut = BITS * (ORDER - length);
        let is_whole = |run: &u128| run & ((1 << BITS) - 1) != 0;
        self.runs.iter().map(move |run| run >> cut).filter(is_whole)
    }

    /// Number of n-grams of `length` characters that the texts share. Each counts as often as both texts contain it.
    fn shared(&self, other: &Self, length: usize) -> usize {
        let (mut left, mut right) = (self.of_length(length), other.of_length(length));
        let (mut a, mut b) = (left.next(), right.next());
        let mut shared = 0;
        while let (Some(one), Some(two)) = (a, b) {
            if one == two {
                shared += 1;
            }
            if one <= two {
                a = left.next();
            }
            if two <= one {
                b = right.next();
            }
        }
        shared
    }

    /// The shares of this text's and of the other text's n-grams that both contain. Each is the mean over the lengths
    /// that occur in both texts. `None` if one of the texts is empty.
    fn shares(&self, other: &Self) -> Option<(f64, f64)> {
        if self == other {
            return (!self.runs.is_empty()).then_some((1.0, 1.0));
        }
        let (mut of_this, mut of_other, mut orders) = (0.0, 0.0, 0.0);
        for length in 1..=ORDER {
            let (here, there) = (self.count(length), other.count(length));
            if here == 0 || there == 0 {
                break;
            }
            let shared = number(self.shared(other, length));
            of_this += shared / number(here);
            of_other += shared / number(there);
            orders += 1.0;
        }
        (orders > 0.0).then(|| (of_this / orders, of_other / orders))
    }
}

/// The F-score of a precision and a recall.
fn f_score(precision: f64, recall: f64) -> f64 {
    let denominator = BETA_SQUARED.mul_add(precision, recall);
    if denominator > 0.0 { (1.0 + BETA_SQUARED) * precision * recall / denominator } else { 0.0 }
}

/// chrF of a text against a reference, 0 to 1.
#[must_use]
pub fn chrf(text: &Grams, reference: &Grams) -> f64 {
    text.shares(reference).map_or(0.0, |(precision, recall)| f_score(precision, recall))
}

/// The symmetric chrF of two texts, for when neither is the reference: the mean of both directions, 0 to 1.
#[must_use]
pub fn mutual_chrf(one: &Grams, other: &Grams) -> f64 {
    one.shares(other).map_or(0.0, |(here, there)| f64::midpoint(f_score(here, there), f_score(there, here)))
}

/// The words of a text in lower case, segmented by Unicode's rules.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words().map(str::to_lowercase)
}

/// ROUGE-L of two texts, given as words: the F1 of their longest common subsequence, 0 to 1.
#[must_use]
pub fn rouge_l(text: &[String], reference: &[String]) -> f64 {
    if text.is_empty() || reference.is_empty() {
        return 0.0;
    }
    let common = number(longest_common_subsequence(text, reference));
    let (precision, recall) = (common / number(text.len()), common / number(reference.len()));
    if common > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

fn longest_common_subsequence(one: &[String], other: &[String]) -> usize {
    // Common words at the start and end are part of the subsequence, so only the middle needs the table.
    let front = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[front..], &other[front..]);
    let back = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[..one.len() - back], &other[..other.len() - back]);
    let mut lengths = vec![0; other.len() + 1];
    for word in one {
        let mut diagonal = 0;
        for (at, candidate) in other.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = if word == candidate { diagonal + 1 } else { above.max(lengths[at]) };
            diagonal = above;
        }
    }
    front + back + lengths[other.len()]
}

/// The normalized Levenshtein similarity: 1 for equal texts, 0 for texts that have nothing in common.
///
/// The value is 1 minus the number of insertions, deletions and replacements divided by the length of the longer text,
/// in characters.
#[must_use]
pub fn edit_similarity(text: &str, reference: &str) -> f64 {
    levenshtein::normalized_similarity(text.chars(), reference.chars())
}

/// The form of a text in which it is compared: trimmed, with each run of white space as one space.
#[must_use]
pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[expect(clippy::cast_precision_loss, reason = "no text is 2^52 characters long")]
const fn number(count: usize) -> f64 {
    count as f64
}
