//! Apply and roll-back: which comments Gloss writes, and the outcome of each.
//!
//! The rule: Gloss writes a comment only if the live comment is what the run saw or what Gloss itself last wrote there.
//! Otherwise the item is a CONFLICT, unless the caller asked to overwrite. Before each write, the item is recorded as
//! begun together with the comment that it replaces. After a crash, the live comment shows whether the write took
//! place.

use super::{
    asset::AssetPath,
    clock::Moment,
    id::{AppliedCommentId, DbProfileId, RunId, SuggestionId},
    identity::Identity,
    run::RunError,
    spelling::spelled,
};

/// The direction of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Writes the accepted texts.
    Apply,
    /// Restores the comments that were there before.
    Rollback,
}

spelled!(Direction { Apply => "APPLY", Rollback => "ROLLBACK" });

/// The outcome of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApplyStatus {
    /// Not yet written.
    Planned,
    /// Written.
    Applied,
    /// The comment already had this text.
    Unchanged,
    /// The live comment is not the one that the run saw. Nothing was written.
    Conflict,
    /// The write failed.
    Failed,
}

spelled!(ApplyStatus {
    Planned => "PLANNED", Applied => "APPLIED", Unchanged => "UNCHANGED", Conflict => "CONFLICT", Failed => "FAILED",
});

/// An apply or roll-back in progress, recorded with its run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ApplyOrder {
    /// The run's status before the order. The run returns to it if the apply decides nothing.
    pub from: super::status::RunStatus,
    /// Whether it is a roll-back.
    pub rollback: bool,
    /// Whether to write where the live comment has changed.
    pub overwrite: bool,
    /// The caller that ordered it.
    pub actor: String,
    /// Number of writes that replace a comment.
    #[serde(default)]
    pub replacing: usize,
    /// Number of suggestions left out beforehand because the asset has a comment that a person wrote.
    #[serde(default)]
    pub left_out: usize,
}

impl ApplyOrder {
    /// Creates an order whose counts are still 0.
    #[must_use]
    pub const fn new(from: super::status::RunStatus, rollback: bool, overwrite: bool, actor: String) -> Self {
        Self { from, rollback, overwrite, actor, replacing: 0, left_out: 0 }
    }

    /// A clause for messages about the suggestions that were left out; empty if there are none.
    #[must_use]
    pub fn left_out_said(&self) -> String {
        match self.left_out {
            0 => String::new(),
            1 => ", 1 left out because a person wrote the present text".to_owned(),
            many => format!(", {many} left out because a person wrote the present text"),
        }
    }
}

/// One comment of an apply or roll-back.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplyItem {
    /// The item's place in the order of writing, from 1.
    pub position: i32,
    /// The suggestion that the item belongs to.
    pub suggestion_id: SuggestionId,
    /// The asset whose comment is written.
    pub asset: AssetPath,
    /// The text to write; `None` removes the comment.
    pub text: Option<String>,
    /// The comment that the run saw; in a roll-back, the comment that Gloss wrote.
    pub expected: Option<String>,
    /// In a roll-back, the write to undo.
    pub undoes: Option<AppliedCommentId>,
    /// The outcome.
    pub status: ApplyStatus,
    /// Whether a write was begun whose end is not recorded. `before` then holds the comment that was there.
    pub begun: bool,
    /// The exact SQL statement.
    pub statement: Option<String>,
    /// The comment before the write.
    pub before: Option<String>,
    /// Why the write failed.
    pub error: Option<RunError>,
    /// The identity of the database in which the write was begun.
    pub identity: Option<Identity>,
    /// The caller that ordered the write, if the write was begun and its outcome is unknown.
    pub doubt: Option<String>,
}

impl ApplyItem {
    /// Creates a planned write of `text` over `expected`.
    #[must_use]
    pub const fn planned(
        position: i32,
        suggestion_id: SuggestionId,
        asset: AssetPath,
        text: Option<String>,
        expected: Option<String>,
    ) -> Self {
        Self {
            position,
            suggestion_id,
            asset,
            text,
            expected,
            undoes: None,
            status: ApplyStatus::Planned,
            begun: false,
            statement: None,
            before: None,
            error: None,
            identity: None,
            doubt: None,
        }
    }
}

/// A recorded write to a target.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedComment {
    /// Its key.
    pub id: AppliedCommentId,
    /// The asset that was written to.
    pub asset: AssetPath,
    /// The run; it may have been deleted.
    pub run_id: RunId,
    /// The suggestion; it may have been deleted.
    pub suggestion_id: SuggestionId,
    /// The DB profile; it may have been deleted.
    pub db_profile_id: Option<DbProfileId>,
    /// The DB profile's name at the time of the write.
    pub db_profile_name: String,
    /// The comment before the write; `None` if there was none.
    pub before: Option<String>,
    /// The comment that was written; `None` if the comment was removed.
    pub after: Option<String>,
    /// The caller that ordered it.
    pub actor: String,
    /// The time of the write.
    pub at: Moment,
    /// The identity of the database; `None` in records of versions that did not record it.
    pub identity: Option<Identity>,
    /// The time of the roll-back; `None` if the write was not rolled back.
    pub rolled_back_at: Option<Moment>,
}

/// A filter of writes. A field that is `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AppliedCommentFilter {
    /// Writes of this run.
    pub run_id: Option<RunId>,
    /// Writes through this DB profile.
    pub db_profile_id: Option<DbProfileId>,
    /// Writes at this time or later.
    pub written_after: Option<Moment>,
    /// Writes before this time.
    pub written_before: Option<Moment>,
    /// Writes whose asset, profile, texts or actor contain this text. Letter case is ignored; `%` and `_` match
    /// literally.
    pub search: Option<String>,
}

/// The name that cursors give the list of the outcomes of a run's last apply or roll-back.
#[must_use]
pub fn outcomes_list(run: RunId) -> String {
    format!("applyOutcomes:{run}")
}

/// The name that cursors give the list of all writes.
pub const AUDIT_LIST: &str = "appliedComments";

/// Counts of a run's suggestions that still need a decision or a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Suggestions without a decision.
    pub undecided: i64,
    /// Accepted or edited suggestions whose final text differs from what was last written for them.
    pub unapplied: i64,
}

/// Counts of the writes that an apply or roll-back plans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begun {
    /// Number of comments to write.
    pub total: usize,
    /// Number of them that replace a comment.
    pub replacing: usize,
}

impl Unsettled {
    /// Returns whether nothing is left to decide or to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.undecided == 0 && self.unapplied == 0
    }
}

/// Counts of an apply's or a roll-back's items by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Written.
    pub applied: i64,
    /// The comment already had the text.
    pub unchanged: i64,
    /// The live comment was another one.
    pub conflict: i64,
    /// The write failed.
    pub failed: i64,
    /// Not reached because the apply was cancelled.
    pub left: i64,
}

impl Written {
    /// The outcome in words: `136 written, 3 in conflict`.
    #[must_use]
    pub fn told(self, rollback: bool) -> String {
        let done = if rollback { "rolled back" } else { "written" };
        let others = [
            (self.unchanged, "unchanged"),
            (self.conflict, "in conflict"),
            (self.failed, "failed"),
            (self.left, "not reached"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let parts = std::iter::once((self.applied, done)).chain(others);
        parts.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    }
}

/// Decides what to do with an item, given the live comment. Plans and applies both decide by this function alone.
///
/// `last_written` is what Gloss last wrote there, if it ever did. The result is UNCHANGED if the live comment is
/// already the wanted text, PLANNED if it may be written, and CONFLICT if the live comment is another one.
#[must_use]
pub fn verdict(
    item: &ApplyItem,
    live: Option<&str>,
    last_written: Option<&Option<String>>,
    overwrite: bool,
) -> ApplyStatus {
    if same(live, item.text.as_deref()) {
        return ApplyStatus::Unchanged;
    }
    let expected = same(said(live), said(item.expected.as_deref()));
    let own = last_written.is_some_and(|written| same(live, written.as_deref()));
    if overwrite || expected || own { ApplyStatus::Planned } else { ApplyStatus::Conflict }
}

/// Treats a blank comment as no comment.
fn said(comment: Option<&str>) -> Option<&str> {
    comment.filter(|text| !text.trim().is_empty())
}

/// Returns whether a live comment equals a stored one. A store in PostgreSQL cannot hold NUL characters and keeps them
/// as U+FFFD.
fn same(live: Option<&str>, kept: Option<&str>) -> bool {
    live == kept || live.map(|live| live.replace('\0', "\u{FFFD}")).as_deref() == kept
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*, sample::select};

    use super::*;
    use crate::asset::AssetKind;

    fn item(text: Option<&str>, expected: Option<&str>) -> ApplyItem {
        let asset = AssetPath {
            kind: AssetKind::Table,
            database: None,
            schema: Some("main".into()),
            table: Some("users".into()),
            column: None,
        };
        ApplyItem::planned(1, SuggestionId(1), asset, text.map(str::to_owned), expected.map(str::to_owned))
    }

    #[test]
    fn a_comment_of_someone_else_is_kept_unless_overwritten() {
        use ApplyStatus::{Conflict, Planned, Unchanged};
        let seen = item(Some("new"), Some("old"));
        let bare = item(Some("new"), None);
        let removal = item(None, Some("ours"));
        let nul = item(Some("n\u{FFFD}ew"), Some("o\u{FFFD}ld"));
        let wrote = |text: &str| Some(Some(text.to_owned()));
        let cases = [
            (&seen, Some("old"), None, false, Planned),
            (&seen, Some("new"), None, false, Unchanged),
            (&seen, Some("new"), None, true, Unchanged),
            (&seen, Some("other"), None, false, Conflict),
            (&seen, Some("other"), None, true, Planned),
            (&seen, None, None, false, Conflict),
            (&nul, Some("o\0ld"), None, false, Planned),
            (&nul, Some("n\0ew"), None, false, Unchanged),
            (&seen, Some("o\0ld"), wrote("o\u{FFFD}ld"), false, Planned),
            (&seen, Some("o\0ld"), None, false, Conflict),
            (&seen, None, Some(None), false, Planned),
            (&seen, Some("ours"), wrote("ours"), false, Planned),
            (&seen, Some("other"), wrote("ours"), false, Conflict),
            (&bare, None, None, false, Planned),
            (&bare, Some("other"), None, false, Conflict),
            (&bare, Some("  "), None, false, Planned),
            (&removal, Some("ours"), None, false, Planned),
            (&removal, None, wrote("ours"), false, Unchanged),
            (&removal, Some("other"), wrote("ours"), false, Conflict),
        ];
        for (item, live, last_written, overwrite, wanted) in cases {
            assert_eq!(verdict(item, live, last_written.as_ref(), overwrite), wanted, "{live:?} {last_written:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_written_over_what_nobody_accounted_for(
            text in option::of(select(vec!["a", "b", "c"])),
            expected in option::of(select(vec!["a", "b", "c"])),
            live in option::of(select(vec!["a", "b", "c"])),
            last in option::of(option::of(select(vec!["a", "b", "c"]))),
        ) {
            let item = item(text, expected);
            let written = last.map(|it| it.map(str::to_owned));
            let known = live == expected || last == Some(live);
            let verdict = |overwrite| super::verdict(&item, live, written.as_ref(), overwrite);
            prop_assert_eq!(verdict(false) == ApplyStatus::Unchanged, live == text);
            prop_assert_eq!(verdict(false) == ApplyStatus::Planned, live != text && known);
            prop_assert_ne!(verdict(true), ApplyStatus::Conflict);
        }
    }
}
