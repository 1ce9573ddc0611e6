//! Variations of a text: another of the wordings that the same facts give.
//!
//! The rule: LEXICAL takes the wording that follows the text before, so that asking again goes through all of them;
//! SEMANTIC takes the one that shares the fewest words with it. The text before is never given as new, unless
//! nothing else can be said.

use std::collections::HashSet;

use crate::domain::{
    run::{RunOptions, VariationMode},
    suggestion::Draft,
};

/// Wordings to choose from: the most that a run may ask for.
const WORDINGS: i32 = 5;
/// The most that a text is worth that says the same again.
const SAME_AGAIN: f64 = 0.20;

/// Another text than the one before.
pub fn vary(
    previous: &str,
    variation: VariationMode,
    options: &RunOptions,
    describe: impl Fn(&RunOptions) -> Draft,
) -> Draft {
    let mut draft = describe(&RunOptions { alternatives: WORDINGS, ..options.clone() });
    let wanted = usize::try_from(options.alternatives).unwrap_or(1).max(1);
    let confidences: Vec<f64> = draft.alternatives.iter().map(|one| one.confidence).collect();
    let at = draft.alternatives.iter().position(|one| is_same(&one.text, previous));
    let mut others = draft.alternatives.clone();
    if let Some(at) = at {
        others.rotate_left(at);
        others.remove(0);
    }
    if others.is_empty() {
        draft.alternatives.truncate(wanted);
        for one in &mut draft.alternatives {
            one.confidence = one.confidence.min(SAME_AGAIN);
        }
        draft.reasoning = Some("The facts give no other wording.".to_owned());
        return draft;
    }
    if variation == VariationMode::Semantic {
        // Stable: of two that share as much, the better one comes first.
        others.sort_by_key(|one| shared(&one.text, previous));
    }
    // A variation is no better known than the text that it varies: the best confidence stays with the best wording.
    for (one, confidence) in others.iter_mut().zip(confidences.into_iter().skip(usize::from(at.is_some()))) {
        one.confidence = confidence;
    }
    others.truncate(wanted);
    draft.alternatives = others;
    draft
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// The share of a text's words that stand in another one, in thousandths.
fn shared(text: &str, other: &str) -> usize {
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (text, other) = (words(text), words(other));
    1_000 * text.intersection(&other).count() / text.len().max(1)
}
