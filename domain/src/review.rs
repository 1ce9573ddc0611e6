//! Review: a person's decision on a suggestion.
//!
//! The rule: every accepted text can be written to a target, so it is checked here before it is recorded. Suggestions
//! for one asset in a chain of re-runs share one decision: accepting one skips the others. A comment counts as written
//! by a person unless Gloss wrote exactly this text on this asset, through any profile. A bulk ACCEPT leaves out assets
//! with such a comment, unless the caller asks to replace comments.

use super::{
    Error, Result,
    id::{RunId, SuggestionId},
    suggestion::SuggestionFilter,
};

/// Maximum length of a text that a review accepts, in characters. If a database allows less, the apply reports it.
pub const MAX_TEXT: usize = 10_000;

/// A reviewer's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The suggestion is to be written.
    Accept(Choice),
    /// The suggestion is not to be written.
    Skip,
    /// The suggestion is unreviewed again.
    Restore,
}

/// The text that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The alternative at this index; 0 is the description itself.
    Alternative(usize),
    /// A text that the reviewer wrote.
    Text(String),
}

/// The suggestions that a review decides on.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// The suggestions with these ids.
    These(Vec<SuggestionId>),
    /// The suggestions of a run that match the filter.
    OfRun(RunId, SuggestionFilter, Comments),
}

/// How a bulk ACCEPT treats assets with a comment that a person wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// Leaves out the suggestion.
    Keep,
    /// Accepts the suggestion.
    Replace,
}

impl Comments {
    /// Converts the option `replaceComments`.
    #[must_use]
    pub const fn replaced(replace: bool) -> Self {
        if replace { Self::Replace } else { Self::Keep }
    }
}

/// The outcome of a review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Number of selected suggestions that changed.
    pub changed: usize,
    /// The first 200 of them, sorted by run and position.
    pub first: Vec<SuggestionId>,
    /// Number of suggestions left out because the asset has a comment that a person wrote.
    pub left_out: usize,
}

/// Checks that a text can be written as a comment. `argument` is its path.
///
/// # Errors
/// Returns `BadInput` if the text is blank, is longer than [`MAX_TEXT`] characters or contains a NUL character.
pub fn check_text(text: &str, argument: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::bad_input(argument, "the text is empty; skip the suggestion instead"));
    }
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(Error::bad_input(
            argument,
            format!("the text has {length} characters; shorten it to {MAX_TEXT} or fewer"),
        ));
    }
    if text.contains('\0') {
        return Err(Error::bad_input(
            argument,
            "the text contains a NUL character, which databases cannot store; remove it",
        ));
    }
    Ok(())
}
