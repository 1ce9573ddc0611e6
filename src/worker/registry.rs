//! The registry: the runs that this process works on, each with the token that cancels it.
//!
//! The rule: a token belongs to one claim, told by its attempt. A run may be claimed again at once, and what comes late
//! for the claim before must not touch the new one.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::domain::id::RunId;

/// A claim at work.
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
    /// A run is taken up; the token is tripped by [`Registry::cancel`].
    pub fn add(&self, id: RunId, attempt: i32) -> CancellationToken {
        let cancel = CancellationToken::new();
        self.runs().insert(id, Claim { attempt, cancel: cancel.clone() });
        cancel
    }

    /// The run of a claim is left.
    pub fn remove(&self, id: RunId, attempt: i32) {
        let mut runs = self.runs();
        if runs.get(&id).is_some_and(|claim| claim.attempt == attempt) {
            runs.remove(&id);
        }
    }

    /// Tells the run of a claim to leave, if it is one of this process.
    pub fn cancel(&self, id: RunId, attempt: i32) {
        if let Some(claim) = self.runs().get(&id).filter(|claim| claim.attempt == attempt) {
            claim.cancel.cancel();
        }
    }

    /// Whether a run is at work here.
    pub fn has(&self, id: RunId) -> bool {
        self.runs().contains_key(&id)
    }

    /// The runs that are at work here.
    pub fn ids(&self) -> Vec<RunId> {
        self.runs().keys().copied().collect()
    }

    /// How many runs are at work here.
    pub fn len(&self) -> usize {
        self.runs().len()
    }

    /// Whether nothing is at work here.
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
