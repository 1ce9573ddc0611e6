//! The events of a run.

use std::borrow::Cow;

use crate::domain::text::{visible, visible_lines};
use std::sync::Arc;

use async_graphql::{Context, Enum, Lookahead, Object, Result};

use super::{
    object::Run,
    parts::{RunError, RunProgress, RunStatus, TokenUsage},
};
use crate::{
    domain::{self, Error, clock::Moment, event, id::SuggestionId},
    graphql::{
        connection::Connection,
        context::loaders,
        loader::Loaders,
        suggestion::object::{AssetPath, Suggestion},
    },
    service::{progress::Watched, suggestion_cache::EventSuggestions},
};

/// The type of an event.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "event::RunEventType")]
pub enum RunEventType {
    /// The run was created.
    Created,
    /// A worker took the run for the first time.
    Started,
    /// The scope is resolved; `progress.total` is known.
    ScopeResolved,
    /// The description of an asset has started.
    AssetStarted,
    /// An asset has its suggestion.
    AssetFinished,
    /// An asset failed; `error` has the reason.
    AssetFailed,
    /// An asset was skipped because it needs no suggestion.
    AssetSkipped,
    /// A piece of an answer, in `text`. The pieces after the last RESUMED event, or from the start, make up the answer.
    AnswerDelta,
    /// A tool was used for an answer; `Run.askTurn.toolCalls` has its result.
    ToolCalled,
    /// A comment was written to the database.
    Applied,
    /// A comment could not be written; `error` has the reason.
    ApplyFailed,
    /// Something that a person should know.
    Warning,
    /// A caller asked to cancel the run.
    CancelRequested,
    /// The run continues after an interruption, or an answer starts over.
    Resumed,
    /// The status changed in another way.
    StatusChanged,
    /// The run entered an ended status or PAUSED.
    Finished,
}

/// An event of a run, with the run's state right after it.
#[derive(Clone)]
pub struct RunEvent {
    event: Arc<domain::event::RunEvent>,
    /// What the subscribers of the run look up together, for an event of a subscription.
    page: Option<EventSuggestions>,
}

impl RunEvent {
    /// Creates an event of a list.
    pub const fn recorded(event: Arc<domain::event::RunEvent>) -> Self {
        Self { event, page: None }
    }

    /// Creates an event of a subscription.
    pub fn watched(Watched { event, page }: Watched) -> Self {
        Self { event, page: Some(page) }
    }
}

/// An event of a run, with the run's state right after it.
#[Object]
impl RunEvent {
    /// Its sequence number, counted from 1 within the run without gaps.
    async fn sequence(&self) -> i32 {
        self.event.sequence
    }

    /// When it happened.
    async fn at(&self) -> Moment {
        self.event.at
    }

    /// The type of event.
    async fn r#type(&self) -> RunEventType {
        self.event.event_type.into()
    }

    /// A message for people: `Processing public.users.email (2 of 156)`.
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

    /// The asset that it is about; null if it is about the whole run.
    async fn asset(&self) -> Option<AssetPath> {
        self.event.asset.as_ref().map(AssetPath::from)
    }

    /// The suggestion for that asset, if there is one.
    async fn suggestion(&self, context: &Context<'_>) -> Result<Option<Suggestion>> {
        let Some(id) = self.event.suggestion_id else { return Ok(None) };
        if let Some(page) = &self.page {
            feed(loaders(context), page, id, context.look_ahead()).await?;
        }
        Ok(loaders(context).suggestions.load_one(id).await?.map(Suggestion))
    }

    /// A piece of an answer, for `ANSWER_DELTA`. The pieces after the last RESUMED event, or from the start, make up
    /// the answer.
    async fn text(&self) -> Option<Cow<'_, str>> {
        self.event.text.as_deref().map(visible_lines)
    }

    /// The error; null if there was none.
    async fn error(&self) -> Option<RunError> {
        self.event.error.as_ref().map(RunError::from)
    }

    /// The caller that caused it, if there was one: a token's name, `local` or a schedule's name.
    async fn actor(&self) -> Option<&str> {
        self.event.actor.as_deref()
    }

    /// The run as it is now, possibly later than this event.
    async fn run(&self, context: &Context<'_>) -> Result<Run> {
        let run = loaders(context).runs.load_one(self.event.run_id).await?;
        let run = run.ok_or_else(|| {
            Error::not_found(format!("run #{} has been deleted; load the list again", self.event.run_id))
        })?;
        Ok(Run(run))
    }
}

/// Fills the loaders of this event with the records that all subscribers of the run have looked up together, if the
/// operation selects them.
async fn feed(
    loaders: &Loaders,
    page: &EventSuggestions,
    id: SuggestionId,
    asked: Lookahead<'_>,
) -> domain::Result<()> {
    if let Some(suggestion) = page.suggestion(id).await? {
        loaders.suggestions.feed_one(id, suggestion).await;
    }
    if asked.field("alternatives").exists() {
        loaders.alternatives.feed_one(id, page.alternatives(id).await?.unwrap_or_default()).await;
    }
    if asked.field("evidence").exists() {
        loaders.evidence.feed_one(id, page.evidence(id).await?.unwrap_or_default()).await;
    }
    Ok(())
}

/// One page of a run's events.
pub type RunEventConnection = Connection<RunEvent>;
