//! Events: what happened in a run, numbered without a gap from 1.

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

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunEventType {
    /// The run was recorded.
    Created,
    /// A worker took it for the first time.
    Started,
    /// Its rows are known.
    ScopeResolved,
    /// A row is under way.
    AssetStarted,
    /// A row has its suggestion.
    AssetFinished,
    /// A row was given up.
    AssetFailed,
    /// A row needed none.
    AssetSkipped,
    /// A piece of an answer.
    AnswerDelta,
    /// A tool was used.
    ToolCalled,
    /// A comment was written.
    Applied,
    /// A comment could not be written.
    ApplyFailed,
    /// Something a person should know.
    Warning,
    /// A cancel was asked for.
    CancelRequested,
    /// The run goes on after a stop.
    Resumed,
    /// The status changed otherwise.
    StatusChanged,
    /// The run entered an ended status or PAUSED.
    Finished,
}

spelled!(RunEventType {
    Created => "CREATED", Started => "STARTED", ScopeResolved => "SCOPE_RESOLVED", AssetStarted => "ASSET_STARTED",
    AssetFinished => "ASSET_FINISHED", AssetFailed => "ASSET_FAILED", AssetSkipped => "ASSET_SKIPPED",
    AnswerDelta => "ANSWER_DELTA", ToolCalled => "TOOL_CALLED", Applied => "APPLIED", ApplyFailed => "APPLY_FAILED",
    Warning => "WARNING", CancelRequested => "CANCEL_REQUESTED", Resumed => "RESUMED",
    StatusChanged => "STATUS_CHANGED", Finished => "FINISHED",
});

/// The list of a run's events, as its cursors name it.
#[must_use]
pub fn list_name(run: RunId) -> String {
    format!("events:{run}")
}

/// One event, with the run's status, progress and usage right after it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    /// The run it belongs to.
    pub run_id: RunId,
    /// Counts up by one from 1 within the run.
    pub sequence: i32,
    /// When.
    pub at: Moment,
    /// What happened.
    pub event_type: RunEventType,
    /// One line for a person.
    pub message: String,
    /// The status right after.
    pub status: RunStatus,
    /// The progress right after.
    pub progress: Progress,
    /// The usage right after.
    pub usage: Usage,
    /// The asset it is about.
    pub asset: Option<AssetPath>,
    /// The position of the row it is about, counted from 1. The store finds the suggestion by it.
    pub position: Option<i32>,
    /// The suggestion of that row, where the row has one. Set when read from the store.
    pub suggestion_id: Option<SuggestionId>,
    /// A piece of an answer.
    pub text: Option<String>,
    /// What went wrong.
    pub error: Option<RunError>,
    /// The caller or schedule that caused it, where one did.
    pub actor: Option<String>,
}
