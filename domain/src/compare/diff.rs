//! Word diffs between two texts.

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::spelling::spelled;

/// The kind of a part of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiffKind {
    /// In both texts.
    Equal,
    /// Only in the second text.
    Inserted,
    /// Only in the first text.
    Deleted,
}

spelled!(DiffKind { Equal => "EQUAL", Inserted => "INSERTED", Deleted => "DELETED" });

/// A part of a diff: consecutive words with the white space between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPart {
    /// Which of the texts contain the part.
    pub kind: DiffKind,
    /// Its text.
    pub text: String,
}

/// Computes the diff that turns `from` into `to`. The parts that are not inserted spell `from`; those that are not
/// deleted spell `to`.
#[must_use]
pub fn word_diff(from: &str, to: &str) -> Vec<DiffPart> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_unicode_words(from, to);
    let mut parts: Vec<DiffPart> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => DiffKind::Equal,
            ChangeTag::Insert => DiffKind::Inserted,
            ChangeTag::Delete => DiffKind::Deleted,
        };
        match parts.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(change.value()),
            _ => parts.push(DiffPart { kind, text: change.value().to_owned() }),
        }
    }
    parts
}
