//! Apply and roll-back: which comments are to be written, and what came of each.
//!
//! The rule: a comment is written where the live one is what the run saw or what Gloss itself last wrote
//! there, else it is a CONFLICT, unless the person said to overwrite. Before a write the item is recorded as
//! being written, with what stands there; after a crash the live comment tells whether it was.

use super::{
    asset::AssetPath,
    clock::Moment,
    id::{AppliedCommentId, DbProfileId, RunId, SuggestionId},
    identity::Identity,
    run::RunError,
    spelling::spelled,
};

/// Which way comments go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Accepted texts are written.
    Apply,
    /// What stood before is put back.
    Rollback,
}

spelled!(Direction { Apply => "APPLY", Rollback => "ROLLBACK" });

/// What came of one comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApplyStatus {
    /// Not yet written.
    Planned,
    /// Written.
    Applied,
    /// It stood there already.
    Unchanged,
    /// Another comment stands there than the run saw; nothing was written.
    Conflict,
    /// It could not be written.
    Failed,
}

spelled!(ApplyStatus {
    Planned => "PLANNED", Applied => "APPLIED", Unchanged => "UNCHANGED", Conflict => "CONFLICT", Failed => "FAILED",
});

/// A run's apply or roll-back under way, recorded with the run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ApplyOrder {
    /// Where the run came from: where it goes back to when the apply decides nothing.
    pub from: super::status::RunStatus,
    /// Whether it is a roll-back.
    pub rollback: bool,
    /// Whether to write where another comment stands.
    pub overwrite: bool,
    /// The caller that ordered it.
    pub actor: String,
    /// How many of its writes replace a comment.
    #[serde(default)]
    pub replacing: usize,
    /// How many suggestions were left out beforehand because a person's comment stands there.
    #[serde(default)]
    pub left_out: usize,
}

impl ApplyOrder {
    /// An order before it is known what it comes to.
    #[must_use]
    pub const fn new(from: super::status::RunStatus, rollback: bool, overwrite: bool, actor: String) -> Self {
        Self { from, rollback, overwrite, actor, replacing: 0, left_out: 0 }
    }

    /// What a message says of suggestions that were left out; empty where none were.
    #[must_use]
    pub fn left_out_said(&self) -> String {
        match self.left_out {
            0 => String::new(),
            1 => ", 1 left out because a person wrote the present comment".to_owned(),
            many => format!(", {many} left out because a person wrote the present comment"),
        }
    }
}

/// One comment of an apply or roll-back.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplyItem {
    /// Its place in the order of writing, from 1.
    pub position: i32,
    /// The suggestion it belongs to.
    pub suggestion_id: SuggestionId,
    /// Where it is written.
    pub asset: AssetPath,
    /// What is written; `None` removes the comment.
    pub text: Option<String>,
    /// What the run saw there, or for a roll-back what Gloss wrote there.
    pub expected: Option<String>,
    /// For a roll-back: the write that it undoes.
    pub undoes: Option<AppliedCommentId>,
    /// What came of it.
    pub status: ApplyStatus,
    /// Whether a write was begun and its end not recorded: `before` then tells what stood there.
    pub begun: bool,
    /// The exact statement.
    pub statement: Option<String>,
    /// What stood there before.
    pub before: Option<String>,
    /// What went wrong.
    pub error: Option<RunError>,
    /// The database in which the write was begun.
    pub identity: Option<Identity>,
    /// The caller that ordered the write, if the write was begun and its outcome is unknown.
    pub doubt: Option<String>,
}

impl ApplyItem {
    /// A write that is planned: `text` instead of `expected`.
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

/// One write to a database, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedComment {
    /// Its key.
    pub id: AppliedCommentId,
    /// Where.
    pub asset: AssetPath,
    /// The run; it may be gone.
    pub run_id: RunId,
    /// The suggestion; it may be gone.
    pub suggestion_id: SuggestionId,
    /// The DB profile; it may be gone.
    pub db_profile_id: Option<DbProfileId>,
    /// The DB profile's name then.
    pub db_profile_name: String,
    /// What stood there before; `None` for no comment.
    pub before: Option<String>,
    /// What was written; `None` for no comment.
    pub after: Option<String>,
    /// The caller that ordered it.
    pub actor: String,
    /// When.
    pub at: Moment,
    /// Which database; `None` in records of versions that did not know.
    pub identity: Option<Identity>,
    /// When it was undone.
    pub rolled_back_at: Option<Moment>,
}

/// Which writes; an absent part does not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AppliedCommentFilter {
    /// Of this run.
    pub run_id: Option<RunId>,
    /// To this database.
    pub db_profile_id: Option<DbProfileId>,
    /// At this moment or later.
    pub written_after: Option<Moment>,
    /// Before this moment.
    pub written_before: Option<Moment>,
    /// Whose asset, profile, texts or actor hold this; letter case does not count, `%` and `_` are plain.
    pub search: Option<String>,
}

/// The list of what a run's last apply or roll-back did, as its cursors name it.
#[must_use]
pub fn outcomes_list(run: RunId) -> String {
    format!("applyOutcomes:{run}")
}

/// The list of all writes, as its cursors name it.
pub const AUDIT_LIST: &str = "appliedComments";

/// What the suggestions of a run still need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Suggestions without a decision.
    pub undecided: i64,
    /// Accepted or edited suggestions whose final text is not what was last written for them.
    pub unapplied: i64,
}

/// What is to be written, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begun {
    /// How many comments.
    pub total: usize,
    /// How many of them replace a comment.
    pub replacing: usize,
}

impl Unsettled {
    /// Whether nothing is left to decide or to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.undecided == 0 && self.unapplied == 0
    }
}

/// How the items of an apply or a roll-back ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Written now.
    pub applied: i64,
    /// The text stood there already.
    pub unchanged: i64,
    /// Another comment stands there.
    pub conflict: i64,
    /// Could not be written.
    pub failed: i64,
    /// Not reached: the apply was cancelled.
    pub left: i64,
}

impl Written {
    /// `136 written, 3 in conflict`: the outcome in words.
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

/// What is to become of a comment, by what stands there now: UNCHANGED where it is the wanted text already,
/// PLANNED where it may be written, CONFLICT where another comment stands. `last_written` is what Gloss last
/// wrote there, if it ever did. A plan and the apply itself decide by this alone.
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

/// A blank comment is none.
fn said(comment: Option<&str>) -> Option<&str> {
    comment.filter(|text| !text.trim().is_empty())
}

/// Whether two comments are the same in the form in which they are kept: a store in PostgreSQL keeps no character NUL,
/// which becomes U+FFFD there.
fn same(live: Option<&str>, kept: Option<&str>) -> bool {
    live == kept || live.map(|live| live.replace('\0', "\u{FFFD}")).as_deref() == kept
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*, sample::select};

    use super::*;
    use crate::domain::asset::AssetKind;

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
