//! The bus: nudges that something changed.
//!
//! The rule: a nudge is a hint; the store has the facts. A lost nudge costs latency only, because every listener also
//! reads the store periodically.

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures_util::Stream;
use tokio::sync::watch;

use crate::domain::{
    filter::RunFacts,
    id::{RunId, SuggestionId},
};

/// A run was created (`before` is `None`), changed, or deleted (`after` is `None`), and the change is committed.
#[derive(Debug, Clone)]
pub struct RunNudge {
    /// The run.
    pub run_id: RunId,
    /// What filters see of the run before the change.
    pub before: Option<Arc<RunFacts>>,
    /// What filters see of the run after the change.
    pub after: Option<Arc<RunFacts>>,
}

/// Suggestions changed, and the change is committed: they were reviewed, applied, rolled back or repeated.
#[derive(Debug, Clone)]
pub struct SuggestionNudge {
    /// Their run; `None` if it is unknown, so that it may be any run.
    pub run_id: Option<RunId>,
    /// The changed suggestions; `None` if there are too many to name.
    pub suggestions: Option<Arc<[SuggestionId]>>,
}

/// Why nudges are missing. The receiver must read the store again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missed {
    /// So many were dropped because the receiver was slow.
    #[error("{0} nudges were lost, because they arrived faster than they were read")]
    Slow(u64),
    /// The bus was not connected to the other processes.
    #[error("nudges may have been lost, because the connection to the other processes of Gloss was interrupted")]
    Apart,
}

/// Nudges about all runs.
pub type RunNudges = Pin<Box<dyn Stream<Item = Result<RunNudge, Missed>> + Send>>;

/// Nudges about suggestions of all runs.
pub type SuggestionNudges = Pin<Box<dyn Stream<Item = Result<SuggestionNudge, Missed>> + Send>>;

/// Delivers nudges to listeners.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Sends a nudge about a run. The store calls it after the commit.
    fn nudge(&self, nudge: RunNudge);

    /// Listens to all runs from now on.
    fn runs(&self) -> RunNudges;

    /// Listens to one run from now on. Nudges are merged, so at most one is pending. The value has no meaning; only its
    /// change does.
    fn run(&self, run_id: RunId) -> watch::Receiver<u64>;

    /// Sends a nudge about suggestions. The store calls it after the commit.
    fn nudge_suggestions(&self, nudge: SuggestionNudge);

    /// Returns whether anyone listens to suggestions. If not, the store need not send nudges: a later listener reads
    /// what was committed before.
    fn hears_suggestions(&self) -> bool;

    /// Listens to suggestions from now on.
    fn suggestions(&self) -> SuggestionNudges;

    /// Sends a nudge that the times of schedules changed. The store calls it after the commit.
    fn nudge_schedules(&self);

    /// Listens to schedules from now on, as [`Bus::run`] does to a run.
    fn schedules(&self) -> watch::Receiver<u64>;

    /// Waits until all nudges have left this process, for a second at most. Call it before the process ends.
    async fn flush(&self);
}
