//! What is to be written, and which writes are looked at.

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

/// Which accepted texts are written.
#[derive(InputObject, Debug, Clone)]
pub struct ApplyRunInput {
    /// The run that made the suggestions.
    run_id: ID,
    /// Which of its suggestions, each of them accepted. All accepted ones when left out.
    suggestion_ids: Option<Vec<ID>>,
    /// Write even where the comment has changed since the run looked.
    #[graphql(default_with = "Some(false)")]
    overwrite: Option<bool>,
}

/// Which writes are undone.
#[derive(InputObject, Debug, Clone)]
pub struct RollbackRunInput {
    /// The run whose texts were written.
    run_id: ID,
    /// Which of its suggestions. All that were written when left out.
    suggestion_ids: Option<Vec<ID>>,
    /// Put back what stood before even where the comment has changed since it was written.
    #[graphql(default_with = "Some(false)")]
    overwrite: Option<bool>,
}

/// The use case's input.
///
/// # Errors
/// `BadInput` for an id that is none, with its path below `prefix`.
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
    /// The use case's input.
    ///
    /// # Errors
    /// As [`write_order`].
    pub fn order(&self) -> Result<WriteOrder> {
        write_order(&self.run_id, self.suggestion_ids.as_ref(), false, self.overwrite, "input.")
    }
}

impl RollbackRunInput {
    /// The use case's input.
    ///
    /// # Errors
    /// As [`write_order`].
    pub fn order(&self) -> Result<WriteOrder> {
        write_order(&self.run_id, self.suggestion_ids.as_ref(), true, self.overwrite, "input.")
    }
}

/// Which outcomes; an absent part does not restrict, an empty list lets nothing through.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ApplyOutcomeFilter {
    /// With one of these statuses.
    statuses: Option<Vec<ApplyStatus>>,
}

impl ApplyOutcomeFilter {
    /// The statuses that pass; all where it is `None`.
    pub fn statuses(self) -> Option<Vec<apply::ApplyStatus>> {
        self.statuses.map(|statuses| statuses.into_iter().map(Into::into).collect())
    }
}

/// Which writes; an absent part does not restrict.
#[derive(InputObject, Debug, Clone, Default)]
pub struct AppliedCommentFilter {
    /// Of this run.
    run_id: Option<ID>,
    /// To the database of this DB profile.
    db_profile_id: Option<ID>,
    /// Written at this moment or later.
    written_after: Option<Moment>,
    /// Written before this moment.
    written_before: Option<Moment>,
    /// Whose asset, profile, texts or actor hold this text; letter case does not count, and `%` and `_` are plain
    /// characters.
    search: Option<String>,
}

impl AppliedCommentFilter {
    /// The filter that the argument means.
    ///
    /// # Errors
    /// `BadInput` for an id that is none, with its path below `filter`.
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
