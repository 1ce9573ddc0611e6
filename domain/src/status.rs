//! The status machine of a run: the transitions that exist.

use serde::{Deserialize, Serialize};

use super::spelling::spelled;

/// The kind of a run: the chips of the runs page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunKind {
    /// Describes every asset in scope.
    Analyze,
    /// Repeats chosen suggestions.
    Rerun,
    /// Drafts a description of one asset.
    Generate,
    /// Answers a question.
    Ask,
    /// An analyze run that a schedule started.
    Schedule,
    /// Compares texts of other runs.
    Judge,
}

/// The command that started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunCommand {
    /// Describes assets and leaves the suggestions for review.
    Run,
    /// Describes assets and writes the first suggestion of each.
    RunApply,
    /// Repeats suggestions from scratch.
    Rerun,
    /// Rephrases suggestions.
    Variations,
    /// Drafts one description.
    Generate,
    /// Answers a question.
    Ask,
    /// Fired by a schedule.
    Schedule,
    /// Compares texts of other runs.
    Judge,
}

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// Waits for a worker.
    Queued,
    /// A worker is processing the run.
    Running,
    /// Stopped by a budget or an unavailable provider; `resumeRun` continues it.
    Paused,
    /// A caller asked to cancel, and the worker is stopping.
    Cancelling,
    /// A worker is writing comments.
    Applying,
    /// Suggestions wait for review.
    ReadyForReview,
    /// Nothing is left to do.
    Success,
    /// Nothing could be done; `error` holds the reason.
    Failed,
    /// Cancelled.
    Cancelled,
}

spelled!(RunKind { Analyze => "ANALYZE", Rerun => "RERUN", Generate => "GENERATE", Ask => "ASK",
    Schedule => "SCHEDULE", Judge => "JUDGE" });
spelled!(RunCommand {
    Run => "RUN", RunApply => "RUN_APPLY", Rerun => "RERUN", Variations => "VARIATIONS", Generate => "GENERATE",
    Ask => "ASK", Schedule => "SCHEDULE", Judge => "JUDGE",
});

impl RunKind {
    /// Returns whether its runs describe assets, so that they have suggestions.
    #[must_use]
    pub const fn describes(self) -> bool {
        !matches!(self, Self::Ask | Self::Judge)
    }
}

spelled!(RunStatus {
    Queued => "QUEUED", Running => "RUNNING", Paused => "PAUSED", Cancelling => "CANCELLING", Applying => "APPLYING",
    ReadyForReview => "READY_FOR_REVIEW", Success => "SUCCESS", Failed => "FAILED", Cancelled => "CANCELLED",
});

impl RunStatus {
    /// Returns whether work is under way or waits for a worker. `runProgress` then stays open, and the run cannot be
    /// deleted.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Cancelling | Self::Applying)
    }

    /// Returns whether a worker holds the run and may write to it.
    #[must_use]
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Running | Self::Applying | Self::Cancelling)
    }

    /// Returns whether the run can be cancelled.
    #[must_use]
    pub const fn can_cancel(self) -> bool {
        matches!(self, Self::Queued | Self::Running | Self::Applying)
    }

    /// Returns whether the transition to `next` exists.
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
