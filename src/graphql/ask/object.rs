//! The types of sessions, turns and tool calls.

use std::borrow::Cow;

use crate::domain::text::visible_lines;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use crate::{
    domain::{self, Error, ask, clock::Moment, id::AskSessionId, page::Page},
    graphql::{
        connection::{Connection, connection, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        ids::Key,
        run::object::Run,
        suggestion::object::AssetPath,
    },
};

/// A conversation: each question has the earlier questions and answers as its context.
#[derive(Clone)]
pub struct AskSession(pub Arc<ask::AskSession>);

/// A conversation: each question has the earlier questions and answers as its context.
#[Object]
impl AskSession {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its first question, shortened.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// When its first question was asked.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// When its last question was asked.
    async fn last_active_at(&self) -> Moment {
        self.0.last_active_at
    }

    /// Its questions, oldest first. The page size is 50 by default and at most 200.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn turns(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<AskTurnConnection> {
        let page = services(context).asks.turns(self.0.id, &page_arguments(first, after, last, before)).await?;
        Ok(connection(page, AskTurnTotals(self.0.id), |turn| AskTurn(Arc::new(turn))))
    }
}

/// One page of sessions.
pub type AskSessionConnection = Connection<AskSession, AskSessionTotals>;

/// Converts a page of sessions to a connection.
pub fn sessions(page: Page<ask::AskSession>) -> AskSessionConnection {
    connection(page, AskSessionTotals, |session| AskSession(Arc::new(session)))
}

/// The count of sessions.
pub struct AskSessionTotals;

/// The count of sessions.
#[Object]
impl AskSessionTotals {
    /// The number of sessions, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.sessions_count().await?))
    }
}

/// One question and its answer.
#[derive(Clone)]
pub struct AskTurn(pub Arc<ask::AskTurn>);

/// One question and its answer.
#[Object]
impl AskTurn {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The session that it belongs to.
    async fn session(&self, context: &Context<'_>) -> Result<AskSession> {
        let found = loaders(context).ask_sessions.load_one(self.0.session_id).await?;
        let gone = || Error::not_found("the session has been deleted, together with the run of its last question");
        Ok(AskSession(found.ok_or_else(gone)?))
    }

    /// The run that answers it.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load_one(self.0.run_id).await?;
        let run = run
            .ok_or_else(|| Error::not_found(format!("run #{} has been deleted; load the list again", self.0.run_id)))?;
        Ok(Run(run))
    }

    /// The question.
    async fn question(&self) -> &str {
        &self.0.question
    }

    /// The answer; null until it is complete. Before that, the `ANSWER_DELTA` events after the run's last RESUMED event
    /// are the answer so far.
    async fn answer(&self) -> Option<Cow<'_, str>> {
        self.0.answer.as_deref().map(visible_lines)
    }

    /// The assets that the answer names, in its order. Only assets that a tool returned are cited.
    async fn citations(&self) -> Vec<AssetPath> {
        self.0.citations.iter().map(AssetPath::from).collect()
    }

    /// The tools that were used, in order. The first one is the search that Gloss always makes.
    async fn tool_calls(&self, context: &Context<'_>) -> Result<Vec<ToolCall>> {
        let used = loaders(context).tool_uses.load_one(self.0.id).await?.unwrap_or_default();
        Ok(used.into_iter().map(Into::into).collect())
    }
}

/// One use of a tool. Tools read the catalog index and Gloss's own records; none reaches a database.
#[derive(SimpleObject)]
pub struct ToolCall {
    /// The tool.
    name: String,
    /// Its arguments, as JSON.
    arguments: String,
    /// Its result, as JSON.
    result: String,
    /// Its duration in milliseconds.
    milliseconds: f64,
}

impl From<domain::ask::ToolUse> for ToolCall {
    fn from(used: domain::ask::ToolUse) -> Self {
        let domain::ask::ToolUse { name, arguments, result, milliseconds, .. } = used;
        Self { name, arguments, result, milliseconds }
    }
}

/// One page of a session's turns.
pub type AskTurnConnection = Connection<AskTurn, AskTurnTotals>;

/// The count of a session's turns.
pub struct AskTurnTotals(AskSessionId);

/// The count of a session's turns.
#[Object]
impl AskTurnTotals {
    /// The number of turns in the session, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.turns_count(self.0).await?))
    }
}
