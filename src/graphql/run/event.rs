//! What happened in a run.

use std::borrow::Cow;

use crate::domain::text::{visible, visible_lines};
use std::sync::Arc;

use async_graphql::{Context, Enum, Lookahead, Object, Result, SimpleObject};

use super::{
    object::Run,
    parts::{RunError, RunProgress, RunStatus, TokenUsage},
};
use crate::{
    domain::{self, Error, clock::Moment, event, id::SuggestionId},
    graphql::{
        connection::{PageInfo, Rows},
        context::loaders,
        loader::Loaders,
        suggestion::object::{AssetPath, Suggestion},
    },
    service::{made::Page, progress::Watched},
};

/// What an event tells.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "event::RunEventType")]
pub enum RunEventType {
    /// The run was recorded.
    Created,
    /// A worker took it for the first time.
    Started,
    /// Its rows are known, and so is `progress.total`.
    ScopeResolved,
    /// An asset is under way.
    AssetStarted,
    /// An asset has its suggestion.
    AssetFinished,
    /// An asset was given up; `error` says why.
    AssetFailed,
    /// An asset needed no suggestion.
    AssetSkipped,
    /// A piece of an answer came; `text` holds it. Those after the last RESUMED, or from the start, are the answer.
    AnswerDelta,
    /// A tool was used for an answer; `Run.askTurn.toolCalls` tells with what result.
    ToolCalled,
    /// A comment was written to the database.
    Applied,
    /// A comment could not be written; `error` says why.
    ApplyFailed,
    /// Something that a person should know.
    Warning,
    /// A cancel was asked for.
    CancelRequested,
    /// The run goes on after a stop, or an answer starts again: the pieces before count no longer.
    Resumed,
    /// The status changed otherwise.
    StatusChanged,
    /// The run entered an ended status or PAUSED.
    Finished,
}

/// One thing that happened in a run, with the run as it was right after.
#[derive(Clone)]
pub struct RunEvent {
    event: Arc<domain::event::RunEvent>,
    /// Where it was read by somebody who watches the run: what those share.
    page: Option<Page>,
}

impl RunEvent {
    /// An event in a list.
    pub const fn recorded(event: Arc<domain::event::RunEvent>) -> Self {
        Self { event, page: None }
    }

    /// An event that somebody watches.
    pub fn watched(Watched { event, page }: Watched) -> Self {
        Self { event, page: Some(page) }
    }
}

/// One thing that happened in a run, with the run as it was right after.
#[Object]
impl RunEvent {
    /// Counts up by one from 1 within a run.
    async fn sequence(&self) -> i32 {
        self.event.sequence
    }

    /// When it happened.
    async fn at(&self) -> Moment {
        self.event.at
    }

    /// What happened.
    async fn r#type(&self) -> RunEventType {
        self.event.event_type.into()
    }

    /// One line for a person: `Processing public.users.email (2 of 156)`.
    async fn message(&self) -> Cow<'_, str> {
        visible(&self.event.message)
    }

    /// The run's status right after this event.
    async fn status(&self) -> RunStatus {
        self.event.status.into()
    }

    /// The run's progress right after this event.
    async fn progress(&self) -> RunProgress {
        RunProgress::from(&self.event.progress)
    }

    /// The run's usage right after this event.
    async fn usage(&self) -> TokenUsage {
        TokenUsage::from(&self.event.usage)
    }

    /// The asset it is about; null where it is about the run.
    async fn asset(&self) -> Option<AssetPath> {
        self.event.asset.as_ref().map(AssetPath::from)
    }

    /// The suggestion of that asset, where it has one.
    async fn suggestion(&self, context: &Context<'_>) -> Result<Option<Suggestion>> {
        let Some(id) = self.event.suggestion_id else { return Ok(None) };
        if let Some(page) = &self.page {
            prime(loaders(context), page, id, context.look_ahead()).await?;
        }
        Ok(loaders(context).suggestions.load(id).await?.map(Suggestion))
    }

    /// A piece of an answer, for `ANSWER_DELTA`; those after the last RESUMED, or from the start, are the answer.
    async fn text(&self) -> Option<Cow<'_, str>> {
        self.event.text.as_deref().map(visible_lines)
    }

    /// What went wrong; null where nothing did.
    async fn error(&self) -> Option<RunError> {
        self.event.error.as_ref().map(RunError::from)
    }

    /// The caller or schedule that caused it: the token's name, `local`, or the schedule's name; null where none did.
    async fn actor(&self) -> Option<&str> {
        self.event.actor.as_deref()
    }

    /// The run as it is now, which may be later than this event.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load(self.event.run_id).await?;
        let run = run.ok_or_else(|| Error::not_found(format!("run #{} was deleted meanwhile", self.event.run_id)))?;
        Ok(Run(run))
    }
}

/// Tells the loaders of this event what those who watch the run have looked up together, as far as it is asked for.
async fn prime(loaders: &Loaders, page: &Page, id: SuggestionId, asked: Lookahead<'_>) -> domain::Result<()> {
    loaders.suggestions.prime(id, page.suggestion(id).await?);
    if asked.field("alternatives").exists() {
        loaders.alternatives.prime(id, page.alternatives(id).await?);
    }
    if asked.field("evidence").exists() {
        loaders.evidence.prime(id, page.evidence(id).await?);
    }
    Ok(())
}

/// An event in a list, with its place.
#[derive(SimpleObject)]
pub struct RunEventEdge {
    /// Its place in this list; give it as `after` or `before`.
    cursor: String,
    /// The event.
    node: RunEvent,
}

/// One page of a run's events.
pub struct RunEventConnection(pub Rows<RunEvent>);

/// One page of a run's events.
#[Object]
impl RunEventConnection {
    /// The events of this page with their cursors.
    async fn edges(&self) -> Vec<RunEventEdge> {
        self.0.edges(|cursor, node| RunEventEdge { cursor, node })
    }

    /// The events of this page.
    async fn nodes(&self) -> Vec<RunEvent> {
        self.0.nodes()
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> PageInfo {
        self.0.page_info()
    }
}
