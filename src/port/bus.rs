//! The bus: nudges that something changed. A nudge is a hint; the store is the truth. Losing one costs
//! latency, never a fact: whoever listens also looks by itself now and then.

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;
use tokio::sync::watch;

use crate::domain::{filter::RunFacts, id::RunId};

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

/// So many nudges were dropped because the receiver was slow.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0} nudges were dropped")]
pub struct Lagged(pub u64);

/// Nudges about all runs.
pub type RunNudges = Pin<Box<dyn Stream<Item = Result<RunNudge, Lagged>> + Send>>;

/// Carries nudges between the parts of Gloss.
pub trait Bus: Send + Sync + 'static {
    /// Tells that a run changed. Called by the store, after the commit.
    fn nudge(&self, nudge: RunNudge);

    /// Listens to all runs from now on.
    fn runs(&self) -> RunNudges;

    /// Listens to one run from now on. Nudges fold into one another, so that a slow listener holds one at
    /// most; the value has no meaning, its change has.
    fn run(&self, run_id: RunId) -> watch::Receiver<u64>;

    /// Tells that the times of schedules changed. Called by the store, after the commit.
    fn nudge_schedules(&self);

    /// Listens to schedules from now on, as [`Bus::run`] does to a run.
    fn schedules(&self) -> watch::Receiver<u64>;
}
