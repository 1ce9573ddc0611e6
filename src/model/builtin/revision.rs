//! Variations of a text: other wordings of the same facts.
//!
//! The rule: LEXICAL takes the wording after the previous text, so that repeated requests go through all wordings.
//! SEMANTIC takes the wording that shares the fewest words with the previous text. The previous text is returned only
//! if there is no other wording.

use std::collections::HashSet;

use crate::domain::{
    run::{RunOptions, VariationMode},
    suggestion::Draft,
};

/// Number of wordings to choose from: the maximum that a run may ask for.
const WORDINGS: i32 = 5;
/// Maximum confidence of a repeated text.
const SAME_AGAIN: f64 = 0.20;

/// Creates a variation of the previous text.
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
        // The sort is stable: with equal shares, the better wording comes first.
        others.sort_by_key(|one| shared(&one.text, previous));
    }
    // A variation is not more certain than the text that it varies, so the best confidence stays with the best wording.
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

/// The share of a text's words that occur in another text, in thousandths.
fn shared(text: &str, other: &str) -> usize {
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (text, other) = (words(text), words(other));
    1_000 * text.intersection(&other).count() / text.len().max(1)
}
