//! Texts of a catalog that need not be valid UTF-8, and the sentences for what of a catalog cannot be read.
//!
//! The rule: the names, types and comments of a target are bytes until they pass [`Text::of`]. A name that does not
//! pass names nothing that a statement could say, so its object is left out; a type or a comment is left out of its
//! object.

use crate::domain::text::{cut, one_line};

/// Characters of a name that an error or a warning shows.
const SHOWN: usize = 80;

/// A text as a target holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// Valid UTF-8.
    Valid(String),
    /// Anything else, with each part that is not valid replaced.
    Invalid(String),
}

impl Text {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Valid(text.to_owned()),
            Err(_) => Self::Invalid(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    /// The text, if it is valid.
    pub(super) fn valid(self) -> Option<String> {
        match self {
            Self::Valid(text) => Some(text),
            Self::Invalid(_) => None,
        }
    }

    /// The text, if it is valid; else what `problem` says of it is added to the problems.
    pub(super) fn or_problem(self, problems: &mut Vec<String>, problem: impl FnOnce(&str) -> String) -> Option<String> {
        match self {
            Self::Valid(text) => Some(text),
            Self::Invalid(lossy) => {
                problems.push(problem(&lossy));
                None
            }
        }
    }
}

/// A name for a sentence.
pub(super) fn shown(name: &str) -> String {
    format!("`{}`", cut(&one_line(name), SHOWN))
}

/// The sentence for an object that is left out for its name.
pub(super) fn left_out(noun: &str, lossy: &str, of: Option<&str>) -> String {
    let of = of.map(|table| format!(" of {}", shown(table))).unwrap_or_default();
    format!("The {noun} {}{of} is left out: its name is not valid UTF-8. Rename it to have it described.", shown(lossy))
}

/// The sentence for a part that is left out of its object.
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
        let bad = Text::of(b"gr\xf6\xdfe").or_problem(&mut problems, |lossy| left_out("column", lossy, Some("parts")));
        assert_eq!(bad, None);
        assert!(problems[0].starts_with("The column `gr") && problems[0].contains("of `parts`"), "{problems:?}");
    }
}
