//! `runsChanged`: streams the changes that keep a list of runs current.
//!
//! The rules: the first change of a run is sent immediately, and later ones at most four times a second. Changes in
//! between are merged, and the last state is always sent. There is no replay: a subscriber that falls behind gets an
//! error and must fetch the list again.

use std::{collections::HashMap, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use crate::{
    domain::{
        Error, Result,
        filter::{RunFacts, RunFilter},
        id::RunId,
    },
    port::{
        Ports,
        bus::{RunNudge, RunNudges},
    },
};

/// Minimum time between two changes of one run: four a second.
const MIN_INTERVAL: Duration = Duration::from_millis(250);

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunChangeKind {
    /// The run was created.
    Created,
    /// The run changed.
    Updated,
    /// The run was deleted.
    Deleted,
}

/// A change of a run that matched the filter before or matches it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunChange {
    /// The kind of the change.
    pub kind: RunChangeKind,
    /// The run.
    pub run_id: RunId,
    /// Whether the run matches now.
    pub matches: bool,
}

/// The use case of `runsChanged`. Cheap to clone.
#[derive(Clone)]
pub struct RunChanges {
    ports: Ports,
}

impl RunChanges {
    /// Creates the use case over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Streams the changes, from now on, of runs that match the filter before or after the change.
    pub fn watch(&self, filter: RunFilter) -> impl Stream<Item = Result<RunChange>> + Send + use<> {
        let listener = Listener { nudges: self.ports.bus.runs(), folding: Folding::new(filter), ended: false };
        stream::unfold(listener, Listener::step)
    }
}

struct Listener {
    nudges: RunNudges,
    folding: Folding,
    ended: bool,
}

impl Listener {
    async fn step(mut self) -> Option<(Result<RunChange>, Self)> {
        while !self.ended {
            let now = Instant::now();
            if let Some(change) = self.folding.take_due(now) {
                return Some((Ok(change), self));
            }
            // If nothing is pending, only a nudge can wake this loop; the hour is an arbitrary long wait.
            let due = self.folding.next_due().unwrap_or(now + Duration::from_hours(1));
            tokio::select! {
                nudge = self.nudges.next() => match nudge {
                    Some(Ok(nudge)) => self.folding.add(&nudge, Instant::now()),
                    Some(Err(missed)) => {
                        self.ended = true;
                        let message = format!("{missed}; subscribe again, then fetch the list again");
                        return Some((Err(Error::unavailable(message)), self));
                    }
                    None => self.ended = true,
                },
                () = sleep_until(due) => {}
            }
        }
        None
    }
}

/// A change that is sent when it is due.
struct Pending {
    kind: RunChangeKind,
    matches: bool,
    due: Instant,
}

/// Merges the changes of each run into at most one every [`MIN_INTERVAL`].
struct Folding {
    filter: RunFilter,
    pending: HashMap<RunId, Pending>,
    /// When each run was last sent. Entries older than [`MIN_INTERVAL`] have no effect and are dropped.
    told: HashMap<RunId, Instant>,
}

impl Folding {
    fn new(filter: RunFilter) -> Self {
        Self { filter, pending: HashMap::new(), told: HashMap::new() }
    }

    fn passes(&self, facts: Option<&std::sync::Arc<RunFacts>>) -> bool {
        facts.is_some_and(|facts| self.filter.matches(facts))
    }

    fn add(&mut self, nudge: &RunNudge, now: Instant) {
        let matches = self.passes(nudge.after.as_ref());
        let waiting = self.pending.get(&nudge.run_id);
        if !matches && waiting.is_none() && !self.passes(nudge.before.as_ref()) {
            return;
        }
        let kind = match (nudge.before.is_some(), nudge.after.is_some()) {
            (_, false) => RunChangeKind::Deleted,
            (false, true) => RunChangeKind::Created,
            // If the creation was not sent yet, it stays a creation.
            (true, true) => match waiting {
                Some(Pending { kind: RunChangeKind::Created, .. }) => RunChangeKind::Created,
                _ => RunChangeKind::Updated,
            },
        };
        let due = match waiting {
            Some(pending) => pending.due,
            None => self.told.get(&nudge.run_id).map_or(now, |told| now.max(*told + MIN_INTERVAL)),
        };
        self.pending.insert(nudge.run_id, Pending { kind, matches, due });
    }

    fn next_due(&self) -> Option<Instant> {
        self.pending.values().map(|pending| pending.due).min()
    }

    fn take_due(&mut self, now: Instant) -> Option<RunChange> {
        let (&run_id, _) = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.due <= now)
            .min_by_key(|(id, pending)| (pending.due, **id))?;
        let pending = self.pending.remove(&run_id)?;
        self.told.retain(|_, told| now < *told + MIN_INTERVAL);
        self.told.insert(run_id, now);
        Some(RunChange { kind: pending.kind, run_id, matches: pending.matches })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;

    use super::*;
    use crate::domain::status::{RunKind, RunStatus};

    fn facts(status: RunStatus) -> Arc<RunFacts> {
        Arc::new(RunFacts {
            id: RunId(1),
            kind: RunKind::Analyze,
            status,
            db_profile_id: None,
            llm_profile_id: None,
            schedule_id: None,
            parent_id: None,
            listed_at: DateTime::UNIX_EPOCH,
            started_by: "local".to_owned(),
            labels: Vec::new(),
            has_failures: false,
            search_text: String::new(),
        })
    }

    fn nudge(before: Option<RunStatus>, after: Option<RunStatus>) -> RunNudge {
        RunNudge { run_id: RunId(1), before: before.map(facts), after: after.map(facts) }
    }

    fn folding(statuses: &[RunStatus]) -> Folding {
        Folding::new(RunFilter { statuses: Some(statuses.to_vec()), ..RunFilter::default() })
    }

    fn change(kind: RunChangeKind, matches: bool) -> RunChange {
        RunChange { kind, run_id: RunId(1), matches }
    }

    #[test]
    fn the_first_change_is_told_at_once_and_the_last_state_at_its_time() {
        let mut folding = folding(&[RunStatus::Queued, RunStatus::Running]);
        let start = Instant::now();
        folding.add(&nudge(None, Some(RunStatus::Queued)), start);
        assert_eq!(folding.take_due(start), Some(change(RunChangeKind::Created, true)));
        folding.add(&nudge(Some(RunStatus::Queued), Some(RunStatus::Running)), start);
        folding.add(&nudge(Some(RunStatus::Running), Some(RunStatus::Success)), start);
        assert_eq!(folding.take_due(start), None);
        assert_eq!(folding.next_due(), Some(start + MIN_INTERVAL));
        assert_eq!(folding.take_due(start + MIN_INTERVAL), Some(change(RunChangeKind::Updated, false)));
        assert_eq!(folding.next_due(), None);
    }

    #[test]
    fn a_second_of_changes_is_told_four_times() {
        let mut folding = folding(&[RunStatus::Running]);
        let start = Instant::now();
        let mut told = 0;
        for millisecond in 0..1_000 {
            let now = start + Duration::from_millis(millisecond);
            folding.add(&nudge(Some(RunStatus::Running), Some(RunStatus::Running)), now);
            told += usize::from(folding.take_due(now).is_some());
        }
        assert_eq!(told, 4);
    }

    #[test]
    fn what_never_matched_is_not_told_and_what_is_gone_is() {
        let mut folding = folding(&[RunStatus::Failed]);
        let now = Instant::now();
        folding.add(&nudge(Some(RunStatus::Queued), Some(RunStatus::Running)), now);
        assert_eq!(folding.next_due(), None);
        folding.add(&nudge(Some(RunStatus::Failed), None), now);
        assert_eq!(folding.take_due(now), Some(change(RunChangeKind::Deleted, false)));
    }
}
