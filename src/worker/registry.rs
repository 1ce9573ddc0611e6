//! The registry: the runs that this process works on, each with the token that cancels it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::domain::id::RunId;

/// The runs of this process.
#[derive(Debug, Default)]
pub struct Registry {
    runs: Mutex<HashMap<RunId, CancellationToken>>,
}

impl Registry {
    /// A run is taken up; its token is tripped by [`Registry::cancel`].
    pub fn add(&self, id: RunId) -> CancellationToken {
        let token = CancellationToken::new();
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).insert(id, token.clone());
        token
    }

    /// A run is left.
    pub fn remove(&self, id: RunId) {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Tells a run to leave, if it is one of this process.
    pub fn cancel(&self, id: RunId) {
        if let Some(token) = self.runs.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            token.cancel();
        }
    }

    /// The runs that are at work here.
    pub fn ids(&self) -> Vec<RunId> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// How many runs are at work here.
    pub fn len(&self) -> usize {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing is at work here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
