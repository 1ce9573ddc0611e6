//! The nudges of a transaction: hints to subscribers that something changed.
//!
//! The rules: a transaction collects them and sends them after its commit, one for each run. Nudges of suggestions cost
//! nothing without subscribers. If one version in a chain of re-runs is written, rolled back or repeated, all versions
//! count as changed, because their fields depend on each other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{SqlStore, chain, facets};
use crate::{
    domain::{
        apply::ApplyStatus,
        filter::RunFacts,
        id::{RunId, SuggestionId},
        run::{RowOutcome, Run, RunEdit},
        status::RunStatus,
    },
    port::bus::{Bus, RunNudge, SuggestionNudge},
    telemetry::{metrics, traces},
};

/// Maximum number of suggestions that a nudge names; a nudge for more names none.
const NAMED: usize = 200;

/// What changed in a transaction.
#[derive(Default)]
pub(super) struct Nudges(Mutex<Changed>);

#[derive(Default)]
struct Changed {
    runs: Vec<RunNudge>,
    suggestions: Vec<(RunId, SuggestionId)>,
    /// Suggestions whose chains changed.
    chains: Vec<SuggestionId>,
    schedules: bool,
    /// Numbers of rows that are done, failed and skipped.
    rows: [u64; 3],
}

impl Nudges {
    fn add(&self, add: impl FnOnce(&mut Changed)) {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds a run that was created (`before` is `None`), changed or deleted (`after` is `None`).
    pub(super) fn run(&self, id: RunId, before: Option<&Run>, after: Option<&Run>) {
        let facts = |run: Option<&Run>| run.map(|run| Arc::new(run.facts()));
        self.add(|changed| match changed.runs.iter_mut().find(|nudge| nudge.run_id == id) {
            Some(nudge) => nudge.after = facts(after),
            None => changed.runs.push(RunNudge { run_id: id, before: facts(before), after: facts(after) }),
        });
    }

    /// Returns the runs whose kind or status changed.
    pub(super) fn facets(&self) -> Vec<facets::Change> {
        let changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let facets = |run: &RunFacts| (run.kind, run.status);
        let changes = changed.runs.iter().filter_map(|nudge| {
            let after = facets(nudge.after.as_ref()?);
            let is_new = nudge.before.as_ref().is_none_or(|before| facets(before) != after);
            is_new.then_some((nudge.run_id, after.0, after.1))
        });
        changes.collect()
    }

    /// Adds the run of an edit, and the suggestions that it changed.
    pub(super) fn edit(&self, edit: &RunEdit) {
        self.run(edit.run.id, edit.before(), Some(&edit.run));
        let written = edit
            .items
            .iter()
            .filter(|item| !item.begun && matches!(item.status, ApplyStatus::Applied | ApplyStatus::Unchanged));
        let again = edit.outcomes.iter().filter(|(_, outcome)| matches!(outcome, RowOutcome::Done { .. }));
        let ids = written.map(|item| item.suggestion_id).chain(again.filter_map(|(row, _)| row.again));
        self.add(|changed| {
            changed.chains.extend(ids);
            for (_, outcome) in &edit.outcomes {
                changed.rows[match outcome {
                    RowOutcome::Done { .. } | RowOutcome::Judged(_) => 0,
                    RowOutcome::Failed(_) => 1,
                    RowOutcome::Skipped => 2,
                }] += 1;
            }
        });
    }

    /// Adds suggestions without their chains.
    pub(super) fn suggestions(&self, ids: impl IntoIterator<Item = (RunId, SuggestionId)>) {
        self.add(|changed| changed.suggestions.extend(ids));
    }

    /// Adds a change of the times of schedules.
    pub(super) fn schedules(&self) {
        self.add(|changed| changed.schedules = true);
    }

    /// Sends all nudges, after the commit.
    pub(super) async fn send(self, store: &SqlStore) {
        let Changed { runs, mut suggestions, chains, schedules, rows } =
            self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let bus = store.bus.as_ref();
        for (outcome, number) in ["done", "failed", "skipped"].into_iter().zip(rows) {
            metrics::rows(outcome, number);
        }
        for nudge in runs {
            let status = |facts: &Option<Arc<RunFacts>>| facts.as_ref().map(|facts| facts.status);
            let (before, after) = (status(&nudge.before), status(&nudge.after));
            if before != after && matches!(after, Some(RunStatus::Queued | RunStatus::Applying)) {
                traces::queued(nudge.run_id.0);
            }
            bus.nudge(nudge);
        }
        if schedules {
            bus.nudge_schedules();
        }
        if !bus.hears_suggestions() {
            return;
        }
        if !chains.is_empty() {
            match chain::places(store.read(), &chains).await {
                Ok(places) => suggestions.extend(places),
                Err(error) => {
                    tracing::warn!(
                        %error,
                        "the changed suggestions could not be read; all subscribers will fetch again"
                    );
                    bus.nudge_suggestions(SuggestionNudge { run_id: None, suggestions: None });
                }
            }
        }
        tell_suggestions(bus, suggestions);
    }
}

fn tell_suggestions(bus: &dyn Bus, changed: Vec<(RunId, SuggestionId)>) {
    let mut by_run: HashMap<RunId, Vec<SuggestionId>> = HashMap::new();
    for (run, suggestion) in changed {
        by_run.entry(run).or_default().push(suggestion);
    }
    for (run, suggestions) in by_run {
        let named = (suggestions.len() <= NAMED).then(|| suggestions.into());
        bus.nudge_suggestions(SuggestionNudge { run_id: Some(run), suggestions: named });
    }
}
