//! Word diffs: what a text keeps, gains and loses against another.

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::domain::spelling::spelled;

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiffKind {
    /// In both texts.
    Equal,
    /// In this text alone.
    Inserted,
    /// In the first text alone.
    Deleted,
}

spelled!(DiffKind { Equal => "EQUAL", Inserted => "INSERTED", Deleted => "DELETED" });

/// A part of a diff: some words with the white space between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPart {
    /// What became of it.
    pub kind: DiffKind,
    /// Its text.
    pub text: String,
}

/// The parts that lead from one text to another: those but the inserted ones spell `from`, those but the deleted ones
/// spell `to`.
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
