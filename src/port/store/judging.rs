//! Verdicts on pairs of suggestions.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use crate::domain::{
    Result,
    id::{RunId, SuggestionId},
    judge::{Pair, Verdict, VerdictTally},
};

/// The verdicts of JUDGE runs. A verdict is recorded as the outcome of its row, through `RunStore`.
#[async_trait]
pub trait JudgingStore: Send + Sync {
    /// Returns the pairs of these rows of a run, by position. A pair with a deleted suggestion is missing.
    async fn pairs(&self, run: RunId, positions: &[i32]) -> Result<HashMap<i32, Pair>>;

    /// Returns the pairs of these runs that this model has judged with these prompts, or that a run in progress is to
    /// judge with it.
    async fn judged(&self, runs: &[RunId], model: &str, prompts: &str)
    -> Result<HashSet<(SuggestionId, SuggestionId)>>;

    /// Returns the positions of a run's rows without a verdict whose pairs another run of this model has judged with
    /// these prompts.
    async fn judged_elsewhere(&self, run: RunId, model: &str, prompts: &str) -> Result<HashSet<i32>>;

    /// Returns the newest verdict on each pair whose first suggestion is one of these.
    async fn verdicts(&self, firsts: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Verdict>>>;

    /// Counts the newest verdicts on the pairs of these runs.
    async fn verdict_tallies(&self, runs: &[RunId]) -> Result<Vec<VerdictTally>>;

    /// Returns the runs that judge, or have judged, texts of at least two of these runs, by number.
    async fn judging_runs(&self, runs: &[RunId]) -> Result<Vec<RunId>>;
}
