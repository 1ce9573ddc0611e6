//! Reviews, applies and roll-backs.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    apply::{AppliedComment, AppliedCommentFilter, ApplyItem, ApplyOrder, ApplyStatus, Begun},
    asset::AssetPath,
    clock::Moment,
    id::{AppliedCommentId, DbProfileId, RunId, SuggestionId},
    identity::Identity,
    page::{Page, PageRequest},
    review::{Decision, Reviewed, Selection},
    run::Run,
    suggestion::Suggestion,
};

/// One page of a plan.
#[derive(Debug, Clone)]
pub struct PlanPage {
    /// The page; a cursor of `list` holds the position.
    pub page: Page<ApplyItem>,
    /// How many items the plan has in all.
    pub total: usize,
    /// For a roll-back: all items on the page's assets, by position on each. One that comes earlier changes what a
    /// later one finds.
    pub on_assets: Vec<ApplyItem>,
}

/// Reviews, applies and roll-backs.
#[async_trait]
pub trait ReviewStore: Send + Sync {
    /// Decides on suggestions in one transaction: all that are selected, or none. Accepting one skips the others of its
    /// chain. An accept of many leaves out assets with a person's comment, as its [`crate::domain::review::Comments`]
    /// say. Runs whose last decision fell or was restored follow by [`crate::domain::run::RunEdit::settle`], each with
    /// its nudge.
    ///
    /// # Errors
    /// `NotFound` for an unknown suggestion or run; `BadInput` on `input.alternative` where a selected suggestion has
    /// no such alternative, naming the asset; `Conflict` where a selected suggestion's run is APPLYING or CANCELLING an
    /// apply.
    async fn review(&self, selection: Selection, decision: Decision, reviewer: &str, at: Moment) -> Result<Reviewed>;

    /// The items that an apply would have, by position: accepted and edited suggestions of the run whose final text is
    /// not what was last written for them; those of `ids` if given, whatever was written last.
    ///
    /// # Errors
    /// `NotFound` for ids that are no suggestions of the run; `BadInput` for one that is not accepted.
    async fn items_to_apply(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>>;

    /// The items that a roll-back would have: writes of the run that were not undone, newest first.
    ///
    /// # Errors
    /// `NotFound` for ids that are no suggestions of the run.
    async fn items_to_roll_back(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>>;

    /// Begins an apply or a roll-back by [`crate::domain::run::RunEdit::begin_apply`] of what can be written now, of
    /// `ids` if given; gives how many comments that is. With `ids` or an order to overwrite, texts that were written
    /// last are written again. `order.from` is what the run is in then. Before that, `accept_undecided` accepts the
    /// first wording of all undecided suggestions, except where another version is being written and, unless the run's
    /// option says otherwise, where a person's comment stands: what `RUN_APPLY` and AUTO schedules do. It is one
    /// transaction, so that no review falls between. A run that is CANCELLING stays as it is, and so does one without
    /// anything to write that no worker holds (`fence`).
    ///
    /// # Errors
    /// As [`ReviewStore::items_to_apply`]; `Conflict` where the run is in another attempt than `fence`, or, without
    /// one, at work.
    async fn begin_apply(
        &self,
        run: RunId,
        fence: Option<i32>,
        order: ApplyOrder,
        ids: Option<Vec<SuggestionId>>,
        accept_undecided: bool,
        at: Moment,
    ) -> Result<(Run, Begun)>;

    /// One page of the items that an apply or a roll-back would have now, as [`ReviewStore::items_to_apply`] and
    /// [`ReviewStore::items_to_roll_back`] number them; only what it shows is read whole.
    ///
    /// # Errors
    /// As those.
    async fn plan_page(
        &self,
        run: RunId,
        rollback: bool,
        ids: Option<&[SuggestionId]>,
        list: &str,
        page: &PageRequest,
    ) -> Result<PlanPage>;

    /// The next planned items of the run's apply, by position.
    async fn planned_items(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<ApplyItem>>;

    /// What Gloss last wrote on assets of a database, also by roll-back; assets that it never wrote are missing.
    async fn last_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, Option<String>>>;

    /// The databases in which writes of a run stand; `None` among them for writes of versions that did not record it.
    async fn identities_of_writes(&self, run: RunId) -> Result<Vec<Option<Identity>>>;

    /// Returns the writes in doubt ([`ApplyItem::doubt`]) of a run, or of all runs that no worker holds.
    async fn items_in_doubt(&self, run: Option<RunId>) -> Result<Vec<(RunId, ApplyItem)>>;

    /// Records the outcomes of a run's items in doubt by [`crate::domain::run::RunEdit::settle_item`], and the run's
    /// new status, in one transaction.
    ///
    /// # Errors
    /// `Conflict` where the run is at work, or one of the items is settled already.
    async fn settle_items(&self, run: RunId, items: Vec<ApplyItem>, at: Moment) -> Result<Run>;

    /// Ends the run's apply by [`crate::domain::run::RunEdit::finish_apply`], with what its suggestions still need, in
    /// one transaction.
    async fn finish_apply(&self, run: RunId, fence: i32, at: Moment) -> Result<Run>;

    /// One page of what the last apply or roll-back of a run did, by position.
    async fn items_page(
        &self,
        run: RunId,
        statuses: Option<&[ApplyStatus]>,
        page: &PageRequest,
    ) -> Result<Page<ApplyItem>>;

    /// How many of these items there are.
    async fn items_count(&self, run: RunId, statuses: Option<&[ApplyStatus]>) -> Result<i64>;

    /// One page of the audit, newest first.
    async fn applied_comments_page(
        &self,
        filter: &AppliedCommentFilter,
        page: &PageRequest,
    ) -> Result<Page<AppliedComment>>;

    /// How many writes pass.
    async fn applied_comments_count(&self, filter: &AppliedCommentFilter) -> Result<i64>;

    /// Writes by key; unknown ones are missing.
    async fn applied_comments_by_id(
        &self,
        ids: &[AppliedCommentId],
    ) -> Result<HashMap<AppliedCommentId, AppliedComment>>;

    /// The suggestions of chains, by version.
    async fn chains(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Suggestion>>>;
}
