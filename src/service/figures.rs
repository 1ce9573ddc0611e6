//! The figures of a list of runs for `runsChanged`: the total and the facets.
//!
//! The rules: all subscribers of the same list share one count. A count is at least as new as the change that it is
//! sent with. After each count the store is spared for ten times its duration, at most a second.

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

/// Maximum pause between two counts of one list.
const LONGEST_REST: Duration = Duration::from_secs(1);
/// Length of the pause, as a multiple of the count's duration.
const REST: u32 = 10;
/// Number of lists whose figures are cached. Above it, unused ones are evicted.
const CAPACITY: usize = 64;

/// The figures of one list.
#[derive(Debug)]
pub struct Figures {
    /// Number of runs that pass the filter.
    pub total: i64,
    /// Number of runs per kind that pass the filter without its kinds.
    pub kinds: HashMap<RunKind, i64>,
    /// Number of runs per status that pass the filter without its statuses.
    pub statuses: HashMap<RunStatus, i64>,
}

struct Counted {
    began: Instant,
    ended: Instant,
    figures: Arc<Figures>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Counted>>>;

/// The use case of figures. Cheap to clone.
#[derive(Clone)]
pub struct RunFigures {
    ports: Ports,
    slots: Arc<Mutex<HashMap<String, Slot>>>,
}

impl RunFigures {
    /// Creates the use case over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, slots: Arc::default() }
    }

    /// Returns the figures of a list, counted no earlier than `seen`.
    ///
    /// # Errors
    /// Returns the errors of the store.
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
        let counts = store.run_counts(filter).await?;
        let figures = Arc::new(Figures {
            total: counts.total(filter),
            kinds: counts.kinds(filter),
            statuses: counts.statuses(filter),
        });
        *counted = Some(Counted { began, ended: Instant::now(), figures: Arc::clone(&figures) });
        Ok(figures)
    }

    fn slot(&self, filter: &RunFilter) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= CAPACITY {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(format!("{filter:?}")).or_default())
    }
}
