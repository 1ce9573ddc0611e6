//! `suggestionsChanged`: what people need who review the same run.
//!
//! The rule: a change is told at once, then at most four times a second; changes in between add up. Whoever falls
//! behind, or of whom more changed than is named, is told to fetch all again: no change is lost. There is no replay. It
//! ends when the run is deleted.

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

/// The least time between two changes.
const SPACING: Duration = Duration::from_millis(250);
/// Suggestions that a change names.
const NAMED: usize = 200;

/// Suggestions of a run that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestionChange {
    /// Their run.
    pub run_id: RunId,
    /// Which; empty where they are too many to name.
    pub suggestions: Vec<SuggestionId>,
    /// Whether they are too many to name.
    pub all: bool,
}

/// The use case.
#[derive(Clone)]
pub struct SuggestionChanges {
    ports: Ports,
}

impl SuggestionChanges {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Changes of a run's suggestions from now on.
    ///
    /// # Errors
    /// `NotFound` for a run that does not exist.
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

/// Changes that wait to be told.
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
    /// When the next change may be told.
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
                self.next = now + SPACING;
                let suggestions = suggestions.into_iter().collect();
                return Some((Ok(SuggestionChange { run_id: self.run, suggestions, all }), self));
            }
            // Without anything pending only a nudge can wake; the far moment is never reached.
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
