//! How far the review of a run is.

use std::fmt::Display;

use serde_json::Value;

use crate::cli::output::{self, number};

/// How far the review of a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The status of the run.
    pub status: String,
    /// The number of unreviewed suggestions.
    pub unreviewed: usize,
    /// The number of accepted suggestions, without those with an edited text.
    pub accepted: usize,
    /// The number of suggestions with an edited text.
    pub edited: usize,
    /// The number of skipped suggestions.
    pub skipped: usize,
    /// The number of all suggestions.
    pub total: usize,
    /// The number of accepted and edited texts that are not in the database.
    pub to_apply: usize,
}

impl Progress {
    /// Reads it from a run's `status` and `reviewCounts`.
    #[must_use]
    pub fn of(run: &Value) -> Self {
        let count = |state: &str| number(&run["reviewCounts"][state]);
        let (unreviewed, accepted, edited, skipped) =
            (count("unreviewed"), count("accepted"), count("edited"), count("skipped"));
        Self {
            status: run["status"].as_str().unwrap_or_default().to_owned(),
            unreviewed,
            accepted,
            edited,
            skipped,
            total: unreviewed + accepted + edited + skipped,
            to_apply: (accepted + edited).saturating_sub(count("applied")),
        }
    }

    /// What the run has now, in a sentence.
    #[must_use]
    pub fn sentence(&self, run: &dyn Display) -> String {
        let edited = if self.edited > 0 { format!("{} edited, ", self.edited) } else { String::new() };
        let (accepted, skipped) = (self.accepted, self.skipped);
        let unreviewed = output::counted(self.unreviewed, "unreviewed suggestion");
        format!("Run #{run} now has {accepted} accepted, {edited}{skipped} skipped and {unreviewed}.")
    }
}
