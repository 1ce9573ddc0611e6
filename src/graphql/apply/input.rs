//! Input types: what to write, and which writes to list.

use async_graphql::{ID, InputObject};

use super::object::ApplyStatus;
use crate::{
    domain::{
        Result, apply,
        clock::Moment,
        id::{DbProfileId, RunId, SuggestionId},
    },
    graphql::ids::Key,
    service::applies::WriteOrder,
};

/// The accepted texts to write.
#[derive(InputObject, Debug, Clone)]
pub struct ApplyRunInput {
    /// The run that made the suggestions.
    run_id: ID,
    /// The suggestions to write; each must be accepted. Default: all accepted ones.
    suggestion_ids: Option<Vec<ID>>,
    /// Whether to write even where the comment has changed since the run read it.
    #[graphql(default_with = "Some(false)")]
    overwrite: Option<bool>,
}

/// The writes to roll back.
#[derive(InputObject, Debug, Clone)]
pub struct RollbackRunInput {
    /// The run that wrote them.
    run_id: ID,
    /// The suggestions to roll back. Default: all that were written.
    suggestion_ids: Option<Vec<ID>>,
    /// Whether to put back the old comment even where the comment has changed since it was written.
    #[graphql(default_with = "Some(false)")]
    overwrite: Option<bool>,
}

/// Converts it to the use case's input.
///
/// # Errors
/// Returns `BadInput` with its path below `prefix` for an invalid id.
pub fn write_order(
    run_id: &ID,
    suggestion_ids: Option<&Vec<ID>>,
    rollback: bool,
    overwrite: Option<bool>,
    prefix: &str,
) -> Result<WriteOrder> {
    let ids = suggestion_ids.map(|ids| SuggestionId::from_arguments(ids, &format!("{prefix}suggestionIds")));
    Ok(WriteOrder {
        run_id: RunId::from_argument(run_id, &format!("{prefix}runId"))?,
        suggestion_ids: ids.transpose()?,
        rollback,
        overwrite: overwrite.unwrap_or_default(),
    })
}

impl ApplyRunInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns the error of [`write_order`].
    pub fn order(&self) -> Result<WriteOrder> {
        write_order(&self.run_id, self.suggestion_ids.as_ref(), false, self.overwrite, "input.")
    }
}

impl RollbackRunInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns the error of [`write_order`].
    pub fn order(&self) -> Result<WriteOrder> {
        write_order(&self.run_id, self.suggestion_ids.as_ref(), true, self.overwrite, "input.")
    }
}

/// A filter of outcomes. An absent field does not restrict; an empty list matches nothing.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ApplyOutcomeFilter {
    /// Only outcomes with one of these statuses.
    statuses: Option<Vec<ApplyStatus>>,
}

impl ApplyOutcomeFilter {
    /// Returns the statuses that match; `None` for all.
    pub fn statuses(self) -> Option<Vec<apply::ApplyStatus>> {
        self.statuses.map(|statuses| statuses.into_iter().map(Into::into).collect())
    }
}

/// A filter of writes; an absent field does not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct AppliedCommentFilter {
    /// Only writes of this run.
    run_id: Option<ID>,
    /// Only writes to the database of this DB profile.
    db_profile_id: Option<ID>,
    /// Only writes at or after this time.
    written_after: Option<Moment>,
    /// Only writes before this time.
    written_before: Option<Moment>,
    /// Only writes with this text in their asset, profile, texts or actor. Ignores case; `%` and `_` are literal.
    search: Option<String>,
}

impl AppliedCommentFilter {
    /// Converts it to the domain's filter.
    ///
    /// # Errors
    /// Returns `BadInput` with its path below `filter` for an invalid id.
    pub fn filter(self) -> Result<apply::AppliedCommentFilter> {
        let profile = self.db_profile_id.map(|id| DbProfileId::from_argument(&id, "filter.dbProfileId"));
        Ok(apply::AppliedCommentFilter {
            run_id: self.run_id.map(|id| RunId::from_argument(&id, "filter.runId")).transpose()?,
            db_profile_id: profile.transpose()?,
            written_after: self.written_after,
            written_before: self.written_before,
            search: self.search,
        })
    }
}
