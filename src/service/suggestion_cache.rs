//! What the events of a run lead to, looked up once for all who watch the run.
//!
//! The rule: whoever asks for the suggestion of one event gets those of its whole page looked up, and whoever
//! asks for the same soon after gets what is there. So a page costs one statement for each kind of thing that
//! somebody asks for, however many rows it tells of and however many listen. What is shown is two seconds old at
//! most, and what is kept has a bound. To share something else, add a field here.

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

/// How long something is as good as new: a review or an apply changes suggestions.
const FRESH: Duration = Duration::from_secs(2);
/// Records of one kind that are kept.
const KEPT: usize = 400;

/// What the events of one run lead to.
pub struct SuggestionCache {
    store: Arc<dyn Store>,
    suggestions: Recent<Arc<Suggestion>>,
    alternatives: Recent<Vec<Alternative>>,
    evidence: Recent<Vec<Evidence>>,
}

impl SuggestionCache {
    /// Nothing yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, suggestions: Recent::default(), alternatives: Recent::default(), evidence: Recent::default() }
    }
}

/// The suggestions of some events that were read together.
#[derive(Clone)]
pub struct EventSuggestions {
    cache: Arc<SuggestionCache>,
    ids: Arc<[SuggestionId]>,
}

impl EventSuggestions {
    /// The page of these events.
    pub fn of(cache: &Arc<SuggestionCache>, events: &[Arc<RunEvent>]) -> Self {
        let ids = events.iter().filter_map(|event| event.suggestion_id).collect();
        Self { cache: Arc::clone(cache), ids }
    }

    /// A suggestion of this page.
    ///
    /// # Errors
    /// The store's.
    pub async fn suggestion(&self, id: SuggestionId) -> Result<Option<Arc<Suggestion>>> {
        let look_up = async |ids: &[SuggestionId]| {
            let found = self.cache.store.suggestions_by_id(ids).await?;
            Ok(found.into_iter().map(|(id, suggestion)| (id, Arc::new(suggestion))).collect())
        };
        self.cache.suggestions.get(id, &self.ids, look_up).await
    }

    /// The wordings of a suggestion of this page.
    ///
    /// # Errors
    /// The store's.
    pub async fn alternatives(&self, id: SuggestionId) -> Result<Option<Vec<Alternative>>> {
        let look_up = async |ids: &[SuggestionId]| self.cache.store.alternatives(ids).await;
        self.cache.alternatives.get(id, &self.ids, look_up).await
    }

    /// The evidence of a suggestion of this page.
    ///
    /// # Errors
    /// The store's.
    pub async fn evidence(&self, id: SuggestionId) -> Result<Option<Vec<Evidence>>> {
        let look_up = async |ids: &[SuggestionId]| self.cache.store.evidence(ids).await;
        self.cache.evidence.get(id, &self.ids, look_up).await
    }
}

/// One look-up and what it found; nothing for a key that does not exist.
struct LookUp<V> {
    at: Instant,
    found: HashMap<SuggestionId, Option<V>>,
}

/// The last look-ups of one kind, oldest first.
struct Recent<V>(Mutex<VecDeque<LookUp<V>>>);

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<V: Clone> Recent<V> {
    /// The record with this key, looked up with the rest of its page unless it is there. Who comes while another
    /// looks up waits, and finds what that one found.
    async fn get(
        &self,
        id: SuggestionId,
        page: &[SuggestionId],
        look_up: impl AsyncFnOnce(&[SuggestionId]) -> Result<HashMap<SuggestionId, V>>,
    ) -> Result<Option<V>> {
        let mut recent = self.0.lock().await;
        let at = Instant::now();
        while recent.front().is_some_and(|oldest| at - oldest.at > FRESH) {
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
        while recent.len() > 1 && recent.iter().map(|look_up| look_up.found.len()).sum::<usize>() > KEPT {
            recent.pop_front();
        }
        Ok(value)
    }
}
