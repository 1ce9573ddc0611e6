//! Events: what happened in a run, numbered consecutively from 1.

use serde::{Deserialize, Serialize};

use super::{
    asset::AssetPath,
    clock::Moment,
    id::{RunId, SuggestionId},
    run::RunError,
    spelling::spelled,
    status::RunStatus,
    usage::{Progress, Usage},
};

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunEventType {
    /// The run was recorded.
    Created,
    /// A worker claimed the run for the first time.
    Started,
    /// The run's rows are known.
    ScopeResolved,
    /// Work on a row began.
    AssetStarted,
    /// A row got its suggestion.
    AssetFinished,
    /// A row failed.
    AssetFailed,
    /// A row needed no suggestion.
    AssetSkipped,
    /// The model streamed a piece of an answer.
    AnswerDelta,
    /// A tool was used.
    ToolCalled,
    /// A comment was written.
    Applied,
    /// A comment could not be written.
    ApplyFailed,
    /// A condition that the user should know about.
    Warning,
    /// A caller asked to cancel the run.
    CancelRequested,
    /// The run continues after a stop.
    Resumed,
    /// The status changed in another way.
    StatusChanged,
    /// The run ended or was PAUSED.
    Finished,
}

spelled!(RunEventType {
    Created => "CREATED", Started => "STARTED", ScopeResolved => "SCOPE_RESOLVED", AssetStarted => "ASSET_STARTED",
    AssetFinished => "ASSET_FINISHED", AssetFailed => "ASSET_FAILED", AssetSkipped => "ASSET_SKIPPED",
    AnswerDelta => "ANSWER_DELTA", ToolCalled => "TOOL_CALLED", Applied => "APPLIED", ApplyFailed => "APPLY_FAILED",
    Warning => "WARNING", CancelRequested => "CANCEL_REQUESTED", Resumed => "RESUMED",
    StatusChanged => "STATUS_CHANGED", Finished => "FINISHED",
});

/// The name that cursors give the list of a run's events.
#[must_use]
pub fn list_name(run: RunId) -> String {
    format!("events:{run}")
}

/// An event, with the run's status, progress and usage immediately after it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    /// The run it belongs to.
    pub run_id: RunId,
    /// The sequence number, consecutive from 1 within the run.
    pub sequence: i32,
    /// The time of the event.
    pub at: Moment,
    /// The event's type.
    pub event_type: RunEventType,
    /// A one-line message for people.
    pub message: String,
    /// The status immediately after the event.
    pub status: RunStatus,
    /// The progress immediately after the event.
    pub progress: Progress,
    /// The usage immediately after the event.
    pub usage: Usage,
    /// The asset that the event concerns.
    pub asset: Option<AssetPath>,
    /// The position of the row that the event concerns, from 1. The store uses it to find the suggestion.
    pub position: Option<i32>,
    /// The suggestion of that row, if the row has one. The store sets it on reading.
    pub suggestion_id: Option<SuggestionId>,
    /// A piece of an answer, for [`AnswerDelta`](RunEventType::AnswerDelta).
    pub text: Option<String>,
    /// What went wrong.
    pub error: Option<RunError>,
    /// The caller or schedule that caused the event, if any.
    pub actor: Option<String>,
}
