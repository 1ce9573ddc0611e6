//! `suggestionsChanged`: streams the changes of a run's suggestions to its reviewers.
//!
//! The rules: the first change is sent immediately, and later ones at most four times a second. Changes in between are
//! merged. If a subscriber falls behind, or more suggestions changed than [`NAMED`], the change says to fetch all
//! again, so no change is lost. There is no replay. The stream ends when the run is deleted.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use super::runs::unknown_run;
use crate::{
    domain::{
        Result,
        id::{RunId, SuggestionId},
    },
    port::{
        Ports,
        bus::{RunNudges, SuggestionNudge, SuggestionNudges},
    },
};

/// Minimum time between two changes.
const MIN_INTERVAL: Duration = Duration::from_millis(250);
/// Maximum number of suggestions that a change names.
const NAMED: usize = 200;

/// A change of suggestions of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestionChange {
    /// The run.
    pub run_id: RunId,
    /// The changed suggestions; empty if `all` is set.
    pub suggestions: Vec<SuggestionId>,
    /// Whether any suggestion may have changed, because there are too many to name.
    pub all: bool,
}

/// The use case of `suggestionsChanged`. Cheap to clone.
#[derive(Clone)]
pub struct SuggestionChanges {
    ports: Ports,
}

impl SuggestionChanges {
    /// Creates the use case over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Streams the changes of a run's suggestions from now on.
    ///
    /// # Errors
    /// Returns `NotFound` if the run does not exist.
    pub async fn watch(&self, run: RunId) -> Result<impl Stream<Item = Result<SuggestionChange>> + Send + use<>> {
        let (nudges, runs) = (self.ports.bus.suggestions(), self.ports.bus.runs());
        let listener = Listener {
            ports: self.ports.clone(),
            run,
            nudges,
            runs,
            pending: Pending::default(),
            next: Instant::now(),
        };
        if !exists(&self.ports, run).await? {
            return Err(unknown_run("runId"));
        }
        Ok(stream::unfold(listener, Listener::step))
    }
}

/// Changes that were not sent yet.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pending {
    suggestions: BTreeSet<SuggestionId>,
    all: bool,
}

impl Pending {
    fn add(&mut self, nudge: &SuggestionNudge) {
        match &nudge.suggestions {
            Some(suggestions) if !self.all => self.suggestions.extend(suggestions.iter().copied()),
            _ => self.all = true,
        }
        self.all |= self.suggestions.len() > NAMED;
        if self.all {
            self.suggestions.clear();
        }
    }

    fn is_empty(&self) -> bool {
        !self.all && self.suggestions.is_empty()
    }
}

struct Listener {
    ports: Ports,
    run: RunId,
    nudges: SuggestionNudges,
    runs: RunNudges,
    pending: Pending,
    /// When the next change may be sent.
    next: Instant,
}

async fn exists(ports: &Ports, run: RunId) -> Result<bool> {
    Ok(ports.store.runs_by_id(&[run]).await?.contains_key(&run))
}

impl Listener {
    async fn step(mut self) -> Option<(Result<SuggestionChange>, Self)> {
        loop {
            let now = Instant::now();
            if !self.pending.is_empty() && now >= self.next {
                let Pending { suggestions, all } = std::mem::take(&mut self.pending);
                self.next = now + MIN_INTERVAL;
                let suggestions = suggestions.into_iter().collect();
                return Some((Ok(SuggestionChange { run_id: self.run, suggestions, all }), self));
            }
            // If nothing is pending, only a nudge can wake this loop; the hour is an arbitrary long wait.
            let due = if self.pending.is_empty() { now + Duration::from_hours(1) } else { self.next };
            tokio::select! {
                nudge = self.nudges.next() => match nudge? {
                    Ok(nudge) if nudge.run_id.is_some_and(|run| run != self.run) => {}
                    Ok(nudge) => self.pending.add(&nudge),
                    Err(_) => self.pending.add(&SuggestionNudge { run_id: None, suggestions: None }),
                },
                nudge = self.runs.next() => match nudge? {
                    Ok(nudge) if nudge.run_id == self.run && nudge.after.is_none() => return None,
                    Ok(_) => {}
                    Err(_) => match exists(&self.ports, self.run).await {
                        Ok(true) => {}
                        Ok(false) => return None,
                        Err(error) => return Some((Err(error), self)),
                    },
                },
                () = sleep_until(due) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_add_up_until_they_are_too_many_to_name() {
        let nudge = |ids: std::ops::Range<i64>| SuggestionNudge {
            run_id: Some(RunId(1)),
            suggestions: Some(ids.map(SuggestionId).collect()),
        };
        let mut pending = Pending::default();
        assert!(pending.is_empty());
        pending.add(&nudge(0..150));
        pending.add(&nudge(100..200));
        assert_eq!((pending.suggestions.len(), pending.all), (200, false));
        pending.add(&nudge(300..301));
        assert_eq!((pending.suggestions.len(), pending.all), (0, true));
        pending.add(&nudge(0..1));
        assert_eq!((pending.suggestions.len(), pending.all), (0, true));
    }
}
