//! The figures of a list of runs: totals and chips, for `runsChanged`.
//!
//! The rule: all who watch the same list share one count. A count is at least as new as the change that it goes with,
//! and after each the store rests ten times as long as it took, at most a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::{
    domain::{
        Result,
        filter::RunFilter,
        status::{RunKind, RunStatus},
    },
    port::Ports,
};

/// The longest rest between two counts of one list.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// So many times as long as a count took is the rest after it.
const REST: u32 = 10;
/// Lists whose figures are kept before those that nobody asks for are dropped.
const KEPT: usize = 64;

/// The figures of one list.
#[derive(Debug)]
pub struct Figures {
    /// Runs that pass.
    pub total: i64,
    /// Runs per kind that pass without the filter's kinds.
    pub kinds: HashMap<RunKind, i64>,
    /// Runs per status that pass without the filter's statuses.
    pub statuses: HashMap<RunStatus, i64>,
}

struct Counted {
    began: Instant,
    ended: Instant,
    figures: Arc<Figures>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Counted>>>;

/// The use case.
#[derive(Clone)]
pub struct RunFigures {
    ports: Ports,
    slots: Arc<Mutex<HashMap<String, Slot>>>,
}

impl RunFigures {
    /// Over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, slots: Arc::default() }
    }

    /// The figures of a list, counted no earlier than `seen`.
    ///
    /// # Errors
    /// What the store says.
    pub async fn since(&self, filter: &RunFilter, seen: Instant) -> Result<Arc<Figures>> {
        let slot = self.slot(filter);
        let mut counted = slot.lock().await;
        if let Some(counted) = &*counted {
            if counted.began >= seen {
                return Ok(Arc::clone(&counted.figures));
            }
            let rest = (counted.ended - counted.began).saturating_mul(REST).min(LONGEST_REST);
            sleep_until(counted.ended + rest).await;
        }
        let began = Instant::now();
        let store = &self.ports.store;
        let figures = Arc::new(Figures {
            total: store.runs_count(filter).await?,
            kinds: store.kind_counts(filter).await?,
            statuses: store.status_counts(filter).await?,
        });
        *counted = Some(Counted { began, ended: Instant::now(), figures: Arc::clone(&figures) });
        Ok(figures)
    }

    fn slot(&self, filter: &RunFilter) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= KEPT {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(format!("{filter:?}")).or_default())
    }
}
