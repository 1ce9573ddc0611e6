//! Which suggestions a commit has changed, told to those who listen.
//!
//! The rule: after the commit, never before, and at no cost where nobody listens. Of a chain of re-runs all versions
//! count as changed where one is written, rolled back or done again: what the others say of themselves follows.

use std::collections::HashMap;

use crate::{
    domain::{
        apply::ApplyStatus,
        id::{RunId, SuggestionId},
        run::{RowOutcome, RunEdit},
    },
    port::bus::SuggestionNudge,
};

use super::{SqlStore, chain};

/// So many are named; of more it is only told that there are.
const NAMED: usize = 200;

/// The suggestions whose writes or whose re-runs an edit records.
pub(super) fn of_edit(edit: &RunEdit) -> Vec<SuggestionId> {
    let written = edit
        .items
        .iter()
        .filter(|item| !item.begun && matches!(item.status, ApplyStatus::Applied | ApplyStatus::Unchanged));
    let again = edit.outcomes.iter().filter(|(_, outcome)| matches!(outcome, RowOutcome::Done { .. }));
    written.map(|item| item.suggestion_id).chain(again.filter_map(|(row, _)| row.again)).collect()
}

impl SqlStore {
    /// Tells of suggestions by their runs.
    pub(super) fn tell_changed(&self, changed: impl IntoIterator<Item = (RunId, SuggestionId)>) {
        if !self.bus.hears_suggestions() {
            return;
        }
        let mut by_run: HashMap<RunId, Vec<SuggestionId>> = HashMap::new();
        for (run, suggestion) in changed {
            by_run.entry(run).or_default().push(suggestion);
        }
        for (run, suggestions) in by_run {
            let named = (suggestions.len() <= NAMED).then(|| suggestions.into());
            self.bus.nudge_suggestions(SuggestionNudge { run_id: Some(run), suggestions: named });
        }
    }

    /// Tells of suggestions and of the other versions in their chains.
    pub(super) async fn tell_chains(&self, ids: &[SuggestionId]) {
        if ids.is_empty() || !self.bus.hears_suggestions() {
            return;
        }
        match chain::places(self.read(), ids).await {
            Ok(places) => self.tell_changed(places),
            Err(error) => {
                tracing::warn!(%error, "the changed suggestions could not be read; all subscribers will fetch again");
                self.bus.nudge_suggestions(SuggestionNudge { run_id: None, suggestions: None });
            }
        }
    }
}
