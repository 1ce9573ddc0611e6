//! The status machine of a run: which moves exist.

use serde::{Deserialize, Serialize};

use super::spelling::spelled;

/// What kind of work a run is: the chips of the runs page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunKind {
    /// Describes every asset in scope.
    Analyze,
    /// Does chosen suggestions again.
    Rerun,
    /// One draft for one asset.
    Generate,
    /// Answers a question.
    Ask,
    /// An analyze run that a schedule started.
    Schedule,
}

/// What was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunCommand {
    /// Describe and leave for review.
    Run,
    /// Describe and write the first suggestion of each.
    RunApply,
    /// Do again from the start.
    Rerun,
    /// Rephrase.
    Variations,
    /// One draft.
    Generate,
    /// A question.
    Ask,
    /// Fired by a schedule.
    Schedule,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// Waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// Stopped by a budget or a provider that stayed away; `resumeRun` goes on.
    Paused,
    /// A cancel was asked for and the worker is leaving.
    Cancelling,
    /// Comments are being written.
    Applying,
    /// Suggestions wait for a person.
    ReadyForReview,
    /// Nothing is left to do.
    Success,
    /// Nothing could be done; `error` says why.
    Failed,
    /// Cancelled.
    Cancelled,
}

spelled!(RunKind { Analyze => "ANALYZE", Rerun => "RERUN", Generate => "GENERATE", Ask => "ASK",
    Schedule => "SCHEDULE" });
spelled!(RunCommand {
    Run => "RUN", RunApply => "RUN_APPLY", Rerun => "RERUN", Variations => "VARIATIONS", Generate => "GENERATE",
    Ask => "ASK", Schedule => "SCHEDULE",
});
spelled!(RunStatus {
    Queued => "QUEUED", Running => "RUNNING", Paused => "PAUSED", Cancelling => "CANCELLING", Applying => "APPLYING",
    ReadyForReview => "READY_FOR_REVIEW", Success => "SUCCESS", Failed => "FAILED", Cancelled => "CANCELLED",
});

impl RunStatus {
    /// Whether work is under way or waits for a worker: `runProgress` stays open and the run cannot be deleted.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Cancelling | Self::Applying)
    }

    /// Whether a worker holds the run and may write to it.
    #[must_use]
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Running | Self::Applying | Self::Cancelling)
    }

    /// Whether a cancel would do something.
    #[must_use]
    pub const fn can_cancel(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Applying)
    }

    /// Whether the machine has a move from here to `next`.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        use RunStatus::{Applying, Cancelled, Cancelling, Failed, Paused, Queued, ReadyForReview, Running, Success};
        match self {
            Queued => matches!(next, Running | Cancelled | Failed),
            Running => matches!(next, ReadyForReview | Success | Applying | Paused | Failed | Cancelling | Queued),
            Cancelling => matches!(next, Cancelled | ReadyForReview | Paused | Failed | Success),
            Applying => matches!(next, ReadyForReview | Success | Paused | Failed | Cancelled | Cancelling | Queued),
            Paused | Failed | Cancelled => matches!(next, Applying | Queued),
            ReadyForReview => matches!(next, Applying | Success | Queued),
            Success => matches!(next, Applying | ReadyForReview | Queued),
        }
    }
}
