//! The registry: the runs that this process executes, each with its cancellation token.
//!
//! The rule: a token belongs to one claim, identified by its attempt. A run may be claimed again immediately, and a
//! late signal for the earlier claim must not affect the new one.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::domain::id::RunId;

/// A claim in progress.
#[derive(Debug)]
struct Claim {
    attempt: i32,
    cancel: CancellationToken,
}

/// The runs of this process.
#[derive(Debug, Default)]
pub struct Registry {
    runs: Mutex<HashMap<RunId, Claim>>,
}

impl Registry {
    /// Adds a claim and returns its token, which [`Registry::cancel`] trips.
    pub fn add(&self, id: RunId, attempt: i32) -> CancellationToken {
        let cancel = CancellationToken::new();
        self.runs().insert(id, Claim { attempt, cancel: cancel.clone() });
        cancel
    }

    /// Removes a claim.
    pub fn remove(&self, id: RunId, attempt: i32) {
        let mut runs = self.runs();
        if runs.get(&id).is_some_and(|claim| claim.attempt == attempt) {
            runs.remove(&id);
        }
    }

    /// Cancels a claim, if this process holds it.
    pub fn cancel(&self, id: RunId, attempt: i32) {
        if let Some(claim) = self.runs().get(&id).filter(|claim| claim.attempt == attempt) {
            claim.cancel.cancel();
        }
    }

    /// Returns whether this process executes the run.
    pub fn has(&self, id: RunId) -> bool {
        self.runs().contains_key(&id)
    }

    /// Returns the runs that this process executes.
    pub fn ids(&self) -> Vec<RunId> {
        self.runs().keys().copied().collect()
    }

    /// Returns the number of runs that this process executes.
    pub fn len(&self) -> usize {
        self.runs().len()
    }

    /// Returns whether this process executes no run.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<RunId, Claim>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_for_a_claim_leaves_the_next_one_alone() {
        let (registry, id) = (Registry::default(), RunId(1));
        let first = registry.add(id, 1);
        let second = registry.add(id, 2);
        registry.cancel(id, 1);
        registry.remove(id, 1);
        assert!(registry.has(id) && !second.is_cancelled());
        registry.cancel(id, 2);
        assert!(second.is_cancelled() && !first.is_cancelled());
        registry.remove(id, 2);
        assert!(registry.is_empty());
    }
}
