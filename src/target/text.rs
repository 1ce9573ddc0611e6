//! Catalog texts that need not be valid UTF-8, and the sentences about the parts of a catalog that cannot be read.
//!
//! The rule: the names, types and comments of a target are bytes until they pass [`Text::of`]. An object whose name
//! is invalid is left out, because no statement could name it. An invalid type or comment is left out of its object.

use std::fmt::Write as _;

use crate::domain::text::{cut, one_line};

/// Maximum length of a name in an error or a warning, in characters.
const SHOWN: usize = 80;

/// A text as a target stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// Valid UTF-8.
    Valid(String),
    /// Invalid UTF-8, with an escape for each invalid byte: `gr\xF6sse`.
    Invalid(String),
}

impl Text {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Valid(text.to_owned()),
            Err(_) => Self::Invalid(escaped(bytes)),
        }
    }

    /// Returns the text if it is valid.
    pub(super) fn valid(self) -> Option<String> {
        match self {
            Self::Valid(text) => Some(text),
            Self::Invalid(_) => None,
        }
    }

    /// Returns the text for display, with escapes if it is invalid.
    pub(super) fn or_escaped(self) -> String {
        match self {
            Self::Valid(text) | Self::Invalid(text) => text,
        }
    }

    /// Returns the text if it is valid. Otherwise it adds the sentence that `problem` builds from the escaped text to
    /// `problems` and returns `None`.
    pub(super) fn or_problem(self, problems: &mut Vec<String>, problem: impl FnOnce(&str) -> String) -> Option<String> {
        match self {
            Self::Valid(text) => Some(text),
            Self::Invalid(escaped) => {
                problems.push(problem(&escaped));
                None
            }
        }
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02X}");
        }
    }
    text
}

/// Formats a name for a sentence: in backticks, on one line, cut to [`SHOWN`] characters.
pub(super) fn shown(name: &str) -> String {
    format!("`{}`", cut(&one_line(name), SHOWN))
}

/// Formats an object for a list in a sentence: ``column `parts.size` ``.
pub(super) fn with_noun(noun: &str, of: Option<&str>, escaped: &str) -> String {
    let path: Vec<&str> = of.into_iter().chain([escaped]).collect();
    format!("{noun} {}", shown(&path.join(".")))
}

/// Returns the sentence for a part that is left out of its object.
pub(super) fn without(part: &str, of: &str) -> String {
    format!("The {part} of {} is not valid UTF-8; it is described without it.", shown(of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_valid_becomes_a_problem() {
        let mut problems = Vec::new();
        assert_eq!(Text::of("größe".as_bytes()).or_problem(&mut problems, |_| "no".into()).as_deref(), Some("größe"));
        assert!(problems.is_empty());
        let bad =
            Text::of(b"gr\xf6\xdfe").or_problem(&mut problems, |escaped| with_noun("column", Some("parts"), escaped));
        assert_eq!((bad, problems), (None, vec![r"column `parts.gr\xF6\xDFe`".to_owned()]));
    }
}
