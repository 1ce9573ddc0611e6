//! Retention: which runs may be deleted because of their age.
//!
//! The rule: a run that anyone may still need is kept, however old it is. It is needed
//!
//! - until it has ended: also a paused run can be resumed;
//! - while a suggestion waits for a decision, or an accepted one for its apply;
//! - while one of its texts is the accepted description of an asset, which exports and searches show;
//! - while a comment that it wrote can be rolled back, because no later write on the asset stands;
//! - while the outcome of one of its writes is unknown.
//!
//! The audit of writes and the usage of models do not belong to a run; they stay when it is deleted.

use crate::{clock::Moment, status::RunKind};

/// The runs to delete, except those that are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneOrder {
    /// Runs that ended before this time.
    pub ended_before: Moment,
    /// Runs of these kinds; `None` selects all kinds.
    pub kinds: Option<Vec<RunKind>>,
}

/// How many runs an order selects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PruneCounts {
    /// Number of runs to delete.
    pub removable: i64,
    /// Number of runs that have ended, but are needed.
    pub needed: i64,
}
