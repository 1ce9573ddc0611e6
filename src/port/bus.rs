//! The bus: nudges that something changed. A nudge is a hint; the store is the truth. Losing one costs
//! latency, never a fact: whoever listens also looks by itself now and then.

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;
use tokio::sync::watch;

use crate::domain::{
    filter::RunFacts,
    id::{RunId, SuggestionId},
};

/// A run was made (`before` is `None`), changed or deleted (`after` is `None`), and that is committed.
#[derive(Debug, Clone)]
pub struct RunNudge {
    /// The run.
    pub run_id: RunId,
    /// What filters saw of it before.
    pub before: Option<Arc<RunFacts>>,
    /// What filters see of it now.
    pub after: Option<Arc<RunFacts>>,
}

/// Suggestions changed, and that is committed: they were decided on, applied, rolled back or replaced by a re-run.
#[derive(Debug, Clone)]
pub struct SuggestionNudge {
    /// Their run; `None` where it could not be found out: any run then.
    pub run_id: Option<RunId>,
    /// Which; `None` for too many to name.
    pub suggestions: Option<Arc<[SuggestionId]>>,
}

/// So many nudges were dropped because the receiver was slow.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0} nudges were lost")]
pub struct Lagged(pub u64);

/// Nudges about all runs.
pub type RunNudges = Pin<Box<dyn Stream<Item = Result<RunNudge, Lagged>> + Send>>;

/// Nudges about suggestions of all runs.
pub type SuggestionNudges = Pin<Box<dyn Stream<Item = Result<SuggestionNudge, Lagged>> + Send>>;

/// Carries nudges between the parts of Gloss.
pub trait Bus: Send + Sync + 'static {
    /// Tells that a run changed. Called by the store, after the commit.
    fn nudge(&self, nudge: RunNudge);

    /// Listens to all runs from now on.
    fn runs(&self) -> RunNudges;

    /// Listens to one run from now on. Nudges fold into one another, so that a slow listener holds one at
    /// most; the value has no meaning, its change has.
    fn run(&self, run_id: RunId) -> watch::Receiver<u64>;

    /// Tells that suggestions changed. Called by the store, after the commit.
    fn nudge_suggestions(&self, nudge: SuggestionNudge);

    /// Whether anybody listens to suggestions: whoever begins to after a commit reads what it wrote.
    fn hears_suggestions(&self) -> bool;

    /// Listens to suggestions from now on.
    fn suggestions(&self) -> SuggestionNudges;

    /// Tells that the times of schedules changed. Called by the store, after the commit.
    fn nudge_schedules(&self);

    /// Listens to schedules from now on, as [`Bus::run`] does to a run.
    fn schedules(&self) -> watch::Receiver<u64>;
}
