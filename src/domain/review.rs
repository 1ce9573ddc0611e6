//! Review: a person's decision on a suggestion.
//!
//! The rule: what a review accepts can be written to any target that can carry it, so a text is checked here,
//! before it is recorded. Suggestions of one asset in a chain of re-runs share one decision: accepting one
//! skips the others. A comment is a person's unless Gloss wrote that very text on that asset, by whatever profile; an
//! ACCEPT of many leaves such assets out unless it is told to replace comments.

use super::{
    Error, Result,
    id::{RunId, SuggestionId},
    suggestion::SuggestionFilter,
};

/// The longest text that a review accepts, in characters. Databases may allow less; an apply says so.
pub const MAX_TEXT: usize = 10_000;

/// What a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// To be written.
    Accept(Choice),
    /// Not to be written.
    Skip,
    /// Undecided again.
    Restore,
}

/// Which text is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The alternative at this index; 0 is the description itself.
    Alternative(usize),
    /// A text of the reviewer's own.
    Text(String),
}

/// Which suggestions are decided on.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// These.
    These(Vec<SuggestionId>),
    /// Those of a run that the filter leaves.
    OfRun(RunId, SuggestionFilter, Comments),
}

/// What an ACCEPT of many does where a comment stands that a person wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    /// Leaves the suggestion out.
    Keep,
    /// Accepts it all the same.
    Replace,
}

impl Comments {
    /// As the option `replaceComments` says.
    #[must_use]
    pub const fn replaced(replace: bool) -> Self {
        if replace { Self::Replace } else { Self::Keep }
    }
}

/// What came of a review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// How many of the selected suggestions changed.
    pub changed: usize,
    /// The first 200 of them, by run and position.
    pub first: Vec<SuggestionId>,
    /// How many were left out because a person's comment stands there.
    pub left_out: usize,
}

/// Refuses a text that cannot be a comment. `argument` is its path.
///
/// # Errors
/// `BadInput`.
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
