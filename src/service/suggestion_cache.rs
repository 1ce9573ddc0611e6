//! The suggestions that the events of a run refer to, looked up once for all subscribers of the run.
//!
//! The rules: a look-up for one event covers all events of its page, and later look-ups reuse the result. So a page
//! costs one statement per kind of record that subscribers request, however many rows and subscribers there are. Cached
//! records are at most two seconds old, and their number is bounded. To share another kind of record, add a field to
//! [`SuggestionCache`].

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{
    domain::{
        Result,
        event::RunEvent,
        id::SuggestionId,
        suggestion::{Alternative, Evidence, Suggestion},
    },
    port::store::Store,
};

/// Maximum age of a cached record. It is short because reviews and applies change suggestions.
const MAX_AGE: Duration = Duration::from_secs(2);
/// Maximum number of cached records per kind.
const CAPACITY: usize = 400;

/// The cached records of one run.
pub struct SuggestionCache {
    store: Arc<dyn Store>,
    suggestions: Recent<Arc<Suggestion>>,
    alternatives: Recent<Vec<Alternative>>,
    evidence: Recent<Vec<Evidence>>,
}

impl SuggestionCache {
    /// Creates an empty cache.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, suggestions: Recent::default(), alternatives: Recent::default(), evidence: Recent::default() }
    }
}

/// Access to the suggestions of events that were read together.
#[derive(Clone)]
pub struct EventSuggestions {
    cache: Arc<SuggestionCache>,
    ids: Arc<[SuggestionId]>,
}

impl EventSuggestions {
    /// Creates the access for these events.
    pub fn of(cache: &Arc<SuggestionCache>, events: &[Arc<RunEvent>]) -> Self {
        let ids = events.iter().filter_map(|event| event.suggestion_id).collect();
        Self { cache: Arc::clone(cache), ids }
    }

    /// Returns a suggestion of this page, or `None` if it does not exist.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn suggestion(&self, id: SuggestionId) -> Result<Option<Arc<Suggestion>>> {
        let look_up = async |ids: &[SuggestionId]| {
            let found = self.cache.store.suggestions_by_id(ids).await?;
            Ok(found.into_iter().map(|(id, suggestion)| (id, Arc::new(suggestion))).collect())
        };
        self.cache.suggestions.get(id, &self.ids, look_up).await
    }

    /// Returns the alternatives of a suggestion of this page.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn alternatives(&self, id: SuggestionId) -> Result<Option<Vec<Alternative>>> {
        let look_up = async |ids: &[SuggestionId]| self.cache.store.alternatives(ids).await;
        self.cache.alternatives.get(id, &self.ids, look_up).await
    }

    /// Returns the evidence of a suggestion of this page.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn evidence(&self, id: SuggestionId) -> Result<Option<Vec<Evidence>>> {
        let look_up = async |ids: &[SuggestionId]| self.cache.store.evidence(ids).await;
        self.cache.evidence.get(id, &self.ids, look_up).await
    }
}

/// A look-up and its results; `None` for a key that does not exist.
struct LookUp<V> {
    at: Instant,
    found: HashMap<SuggestionId, Option<V>>,
}

/// The latest look-ups of one kind, oldest first.
struct Recent<V>(Mutex<VecDeque<LookUp<V>>>);

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Recent<V> {
    /// Returns the record with this key. If it is not cached, looks up its whole page. Concurrent callers wait for the
    /// first look-up and reuse its result.
    async fn get(
        &self,
        id: SuggestionId,
        page: &[SuggestionId],
        look_up: impl AsyncFnOnce(&[SuggestionId]) -> Result<HashMap<SuggestionId, V>>,
    ) -> Result<Option<V>> {
        let mut recent = self.0.lock().await;
        let at = Instant::now();
        while recent.front().is_some_and(|oldest| at - oldest.at > MAX_AGE) {
            recent.pop_front();
        }
        if let Some(known) = recent.iter().rev().find_map(|look_up| look_up.found.get(&id)) {
            return Ok(known.clone());
        }
        let known = |id: &SuggestionId| recent.iter().any(|look_up| look_up.found.contains_key(id));
        let wanted: Vec<SuggestionId> = page.iter().copied().filter(|id| !known(id)).collect();
        let mut found = look_up(&wanted).await?;
        let found: HashMap<_, _> = wanted.into_iter().map(|id| (id, found.remove(&id))).collect();
        let value = found.get(&id).cloned().flatten();
        recent.push_back(LookUp { at, found });
        while recent.len() > 1 && recent.iter().map(|look_up| look_up.found.len()).sum::<usize>() > CAPACITY {
            recent.pop_front();
        }
        Ok(value)
    }
}
