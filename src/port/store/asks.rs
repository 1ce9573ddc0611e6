//! Sessions, questions and their answers.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    ask::{AskSession, AskTurn, ToolUse},
    id::{AskSessionId, AskTurnId, RunId},
    page::{Page, PageRequest},
};

/// Sessions, questions and their answers. A turn is created with its run by [`super::RunStore::create_runs`], and
/// changed with it by [`super::RunStore::change_run`].
#[async_trait]
pub trait AskStore: Send + Sync {
    /// Returns one page of the sessions, the last active first.
    async fn sessions_page(&self, page: &PageRequest) -> Result<Page<AskSession>>;

    /// Returns the number of sessions.
    async fn sessions_count(&self) -> Result<i64>;

    /// Returns sessions by key; unknown ones are missing.
    async fn sessions_by_id(&self, ids: &[AskSessionId]) -> Result<HashMap<AskSessionId, AskSession>>;

    /// Returns one page of a session's turns, oldest first.
    async fn turns_page(&self, session: AskSessionId, page: &PageRequest) -> Result<Page<AskTurn>>;

    /// Returns the number of turns of a session.
    async fn turns_count(&self, session: AskSessionId) -> Result<i64>;

    /// Returns the last `limit` turns of a session before `before`, or of all if it is `None`, oldest first.
    async fn last_turns(&self, session: AskSessionId, before: Option<AskTurnId>, limit: u64) -> Result<Vec<AskTurn>>;

    /// Returns turns by key; unknown ones are missing.
    async fn turns_by_id(&self, ids: &[AskTurnId]) -> Result<HashMap<AskTurnId, AskTurn>>;

    /// Returns the turns that runs answer; runs without one are missing.
    async fn turns_of_runs(&self, runs: &[RunId]) -> Result<HashMap<RunId, AskTurn>>;

    /// Returns the tool calls of turns, in order.
    async fn tool_uses(&self, turns: &[AskTurnId]) -> Result<HashMap<AskTurnId, Vec<ToolUse>>>;
}
