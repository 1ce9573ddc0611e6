//! The types of planned and recorded writes.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::{
    domain::{Error, apply, clock::Moment, id::RunId, identity::Identity, page::Page},
    graphql::{
        connection::{PageInfo, Rows, count},
        context::{loaders, services},
        ids::Key,
        profile::object::DbProfile,
        run::{object::Run, parts::RunError},
        suggestion::object::{AssetPath, Suggestion},
    },
};

/// The outcome for one comment.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "apply::ApplyStatus")]
pub enum ApplyStatus {
    /// It will be written.
    Planned,
    /// It was written.
    Applied,
    /// The same comment is already there; nothing was written.
    Unchanged,
    /// The comment has changed since the run read it; nothing was written.
    Conflict,
    /// It could not be written; `error` says why.
    Failed,
}

/// The outcome of an apply or roll-back for one comment.
#[derive(Clone)]
pub struct ApplyOutcome(Arc<apply::ApplyItem>);

/// The outcome of an apply or roll-back for one comment.
#[Object]
impl ApplyOutcome {
    /// The suggestion that it belongs to.
    async fn suggestion(&self, context: &Context<'_>) -> Result<Suggestion> {
        let suggestion = loaders(context).suggestions.load_one(self.0.suggestion_id).await?;
        let gone = || {
            Error::not_found(format!(
                "the suggestion for {} has been deleted; load the list again",
                self.0.asset.display()
            ))
        };
        Ok(Suggestion(suggestion.ok_or_else(gone)?))
    }

    /// The outcome; in a plan, the outcome that an apply would have now.
    async fn status(&self) -> ApplyStatus {
        self.0.status.into()
    }

    /// The exact statement. Null if the asset is gone or cannot carry the comment.
    async fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// The comment in the database before the write; null if there is none.
    async fn before(&self) -> Option<&str> {
        self.0.before.as_deref()
    }

    /// The comment to write; null if the comment is removed.
    async fn after(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// The error; null if there was none.
    async fn error(&self) -> Option<RunError> {
        self.0.error.as_ref().map(RunError::from)
    }
}

/// An outcome in a list, with its cursor.
#[derive(SimpleObject)]
pub struct ApplyOutcomeEdge {
    /// Its cursor; pass it as `after` or `before`.
    cursor: String,
    /// The outcome.
    node: ApplyOutcome,
}

/// How the rows of a list of outcomes are counted.
enum Total {
    Known(usize),
    Recorded(RunId, Option<Vec<apply::ApplyStatus>>),
}

/// One page of outcomes of an apply or roll-back.
pub struct ApplyOutcomeConnection {
    rows: Rows<ApplyOutcome>,
    total: Total,
}

impl ApplyOutcomeConnection {
    /// Creates the connection from a page of a run's recorded outcomes; its count uses `statuses`.
    pub fn recorded(page: Page<apply::ApplyItem>, run: RunId, statuses: Option<Vec<apply::ApplyStatus>>) -> Self {
        Self { rows: Rows::new(page, shape), total: Total::Recorded(run, statuses) }
    }

    /// Creates the connection from a page of a plan with `total` comments.
    pub fn planned(page: Page<apply::ApplyItem>, total: usize) -> Self {
        Self { rows: Rows::new(page, shape), total: Total::Known(total) }
    }
}

fn shape(item: apply::ApplyItem) -> ApplyOutcome {
    ApplyOutcome(Arc::new(item))
}

/// One page of outcomes of an apply or roll-back.
#[Object]
impl ApplyOutcomeConnection {
    /// The outcomes of this page, with their cursors.
    async fn edges(&self) -> Vec<ApplyOutcomeEdge> {
        self.rows.edges(|cursor, node| ApplyOutcomeEdge { cursor, node })
    }

    /// The outcomes of this page.
    async fn nodes(&self) -> Vec<ApplyOutcome> {
        self.rows.nodes()
    }

    /// The position of this page in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info()
    }

    /// The number of outcomes that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        match &self.total {
            Total::Known(total) => Ok(count(*total)),
            Total::Recorded(run, statuses) => {
                Ok(count(services(context).ports.store.items_count(*run, statuses.as_deref()).await?))
            }
        }
    }
}

/// One comment that was written to a database. It remains when its run is deleted.
#[derive(Clone)]
pub struct AppliedComment(pub Arc<apply::AppliedComment>);

/// One comment that was written to a database. It remains when its run is deleted.
#[Object]
impl AppliedComment {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The asset that it was written to.
    async fn asset(&self) -> AssetPath {
        AssetPath::from(&self.0.asset)
    }

    /// The run that it was written for; null if the run was deleted.
    async fn run(&self, context: &Context<'_>) -> Result<Option<Run>> {
        Ok(loaders(context).runs.load_one(self.0.run_id).await?.map(Run))
    }

    /// The suggestion that it was written for; null if the suggestion was deleted.
    async fn suggestion(&self, context: &Context<'_>) -> Result<Option<Suggestion>> {
        Ok(loaders(context).suggestions.load_one(self.0.suggestion_id).await?.map(Suggestion))
    }

    /// The DB profile; null if it was deleted.
    async fn db_profile(&self, context: &Context<'_>) -> Result<Option<DbProfile>> {
        let Some(id) = self.0.db_profile_id else { return Ok(None) };
        Ok(loaders(context).db_profiles.load_one(id).await?.map(DbProfile))
    }

    /// The DB profile's name when it was written.
    async fn db_profile_name(&self) -> &str {
        &self.0.db_profile_name
    }

    /// The database that was written to, with its identity; null if an older version of Gloss wrote the comment.
    async fn database(&self) -> Option<String> {
        self.0.identity.as_ref().map(Identity::told)
    }

    /// The comment before the write; null if there was none.
    async fn before(&self) -> Option<&str> {
        self.0.before.as_deref()
    }

    /// The comment that was written; null if the comment was removed.
    async fn after(&self) -> Option<&str> {
        self.0.after.as_deref()
    }

    /// The caller that started the apply.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// When it was written.
    async fn at(&self) -> Moment {
        self.0.at
    }

    /// When it was rolled back; null if it was not.
    async fn rolled_back_at(&self) -> Option<Moment> {
        self.0.rolled_back_at
    }
}

/// A write in a list, with its cursor.
#[derive(SimpleObject)]
pub struct AppliedCommentEdge {
    /// Its cursor; pass it as `after` or `before`.
    cursor: String,
    /// The write.
    node: AppliedComment,
}

/// One page of the writes to databases.
pub struct AppliedCommentConnection {
    rows: Rows<AppliedComment>,
    filter: apply::AppliedCommentFilter,
}

impl AppliedCommentConnection {
    /// Creates the connection from a page; its count uses `filter`.
    pub fn new(page: Page<apply::AppliedComment>, filter: apply::AppliedCommentFilter) -> Self {
        Self { rows: Rows::new(page, |it| AppliedComment(Arc::new(it))), filter }
    }
}

/// One page of the writes to databases.
#[Object]
impl AppliedCommentConnection {
    /// The writes of this page, with their cursors.
    async fn edges(&self) -> Vec<AppliedCommentEdge> {
        self.rows.edges(|cursor, node| AppliedCommentEdge { cursor, node })
    }

    /// The writes of this page.
    async fn nodes(&self) -> Vec<AppliedComment> {
        self.rows.nodes()
    }

    /// The position of this page in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info()
    }

    /// The number of writes that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.applied_comments_count(&self.filter).await?))
    }
}
