//! Questions and their answers.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    ask::{AskSession, AskTurn, ToolUse},
    id::{AskSessionId, AskTurnId, RunId},
    page::{Page, PageRequest},
};

/// Questions and their answers. A turn is recorded with its run, by [`super::RunStore::create_runs`], and so is what
/// happens to it, by [`super::RunStore::change_run`].
#[async_trait]
pub trait AskStore: Send + Sync {
    /// One page of the sessions, the last active first.
    async fn sessions_page(&self, page: &PageRequest) -> Result<Page<AskSession>>;

    /// How many sessions there are.
    async fn sessions_count(&self) -> Result<i64>;

    /// Sessions by key; unknown ones are missing.
    async fn sessions_by_id(&self, ids: &[AskSessionId]) -> Result<HashMap<AskSessionId, AskSession>>;

    /// One page of a session's turns, oldest first.
    async fn turns_page(&self, session: AskSessionId, page: &PageRequest) -> Result<Page<AskTurn>>;

    /// How many turns a session has.
    async fn turns_count(&self, session: AskSessionId) -> Result<i64>;

    /// The newest turns of a session that came before one (or all), oldest first, at most `limit`.
    async fn last_turns(&self, session: AskSessionId, before: Option<AskTurnId>, limit: u64) -> Result<Vec<AskTurn>>;

    /// Turns by key; unknown ones are missing.
    async fn turns_by_id(&self, ids: &[AskTurnId]) -> Result<HashMap<AskTurnId, AskTurn>>;

    /// The turns that runs answer; other runs are missing.
    async fn turns_of_runs(&self, runs: &[RunId]) -> Result<HashMap<RunId, AskTurn>>;

    /// The tools that turns used, in order.
    async fn tool_uses(&self, turns: &[AskTurnId]) -> Result<HashMap<AskTurnId, Vec<ToolUse>>>;
}
