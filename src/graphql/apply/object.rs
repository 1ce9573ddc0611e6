//! The types of planned and recorded writes.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result};

use crate::{
    domain::{Error, apply, clock::Moment, id::RunId, identity::Identity, page::Page},
    graphql::{
        connection::{Connection, connection, count},
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
pub struct ApplyOutcome(apply::ApplyItem);

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

/// One page of outcomes of an apply or roll-back.
pub type ApplyOutcomeConnection = Connection<ApplyOutcome, ApplyOutcomeTotals>;

/// Converts a page of outcomes to a connection.
pub fn outcomes(page: Page<apply::ApplyItem>, totals: ApplyOutcomeTotals) -> ApplyOutcomeConnection {
    connection(page, totals, ApplyOutcome)
}

/// The count of a list of outcomes.
pub enum ApplyOutcomeTotals {
    /// The list is a plan with this number of comments.
    Planned(usize),
    /// The list has a run's recorded outcomes of these statuses; `None` means all statuses.
    Recorded(RunId, Option<Vec<apply::ApplyStatus>>),
}

/// The count of a list of outcomes.
#[Object]
impl ApplyOutcomeTotals {
    /// The number of outcomes that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        match self {
            Self::Planned(total) => Ok(count(*total)),
            Self::Recorded(run, statuses) => {
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

/// One page of the writes to databases.
pub type AppliedCommentConnection = Connection<AppliedComment, AppliedCommentTotals>;

/// Converts a page of the writes that match `filter` to a connection.
pub fn applied_comments(
    page: Page<apply::AppliedComment>,
    filter: apply::AppliedCommentFilter,
) -> AppliedCommentConnection {
    connection(page, AppliedCommentTotals(filter), |it| AppliedComment(Arc::new(it)))
}

/// The count of the writes that match a filter.
pub struct AppliedCommentTotals(apply::AppliedCommentFilter);

/// The count of the writes that match a filter.
#[Object]
impl AppliedCommentTotals {
    /// The number of writes that match the filter, over all pages.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).ports.store.applied_comments_count(&self.0).await?))
    }
}
