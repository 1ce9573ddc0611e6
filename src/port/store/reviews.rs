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
    /// The page. A cursor of `list` holds the position.
    pub page: Page<ApplyItem>,
    /// The total number of items of the plan.
    pub total: usize,
    /// For a roll-back, all items on the page's assets, by position per asset: an earlier item changes the comment that
    /// a later one finds.
    pub on_assets: Vec<ApplyItem>,
}

/// Reviews, applies and roll-backs.
#[async_trait]
pub trait ReviewStore: Send + Sync {
    /// Decides on suggestions in one transaction: on all selected ones, or on none. Accepting one skips the others in
    /// its chain. A bulk accept leaves out assets with a person's comment, depending on its
    /// [`crate::domain::review::Comments`]. The status of affected runs is updated by
    /// [`crate::domain::run::RunEdit::settle`], each with its nudge.
    ///
    /// # Errors
    /// Returns `NotFound` for an unknown suggestion or run, `BadInput` on `input.alternative` if a selected suggestion
    /// has no such alternative (the error names the asset), and `Conflict` if a selected suggestion's run is APPLYING
    /// or CANCELLING an apply.
    async fn review(&self, selection: Selection, decision: Decision, reviewer: &str, at: Moment) -> Result<Reviewed>;

    /// Returns the items of an apply, by position: the accepted and edited suggestions of the run whose final text is
    /// not the last one written for them. If `ids` is given, exactly these, even if their text was the last one
    /// written.
    ///
    /// # Errors
    /// Returns `NotFound` for ids that are not suggestions of the run, and `BadInput` for one that is not accepted.
    async fn items_to_apply(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>>;

    /// Returns the items of a roll-back: the run's writes that were not rolled back, newest first.
    ///
    /// # Errors
    /// Returns `NotFound` for ids that are not suggestions of the run.
    async fn items_to_roll_back(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>>;

    /// Begins an apply or a roll-back by [`crate::domain::run::RunEdit::begin_apply`], in one transaction so that no
    /// review can come between. Also returns the number of comments to write.
    ///
    /// - It covers what can be written now or, if `ids` is given, these suggestions only. With `ids` or an order to
    ///   overwrite, texts that were the last ones written are written again.
    /// - `order.from` is set to the run's status.
    /// - `accept_undecided`, for `RUN_APPLY` and AUTO schedules, first accepts the first wording of all undecided
    ///   suggestions. It leaves out suggestions of which another version is being written and, unless the run's options
    ///   say otherwise, assets with a person's comment.
    /// - A run that is CANCELLING stays unchanged, and so does one with nothing to write that no worker holds (`fence`
    ///   is `None`).
    ///
    /// # Errors
    /// As [`ReviewStore::items_to_apply`]; also `Conflict` if the run is in another attempt than `fence` or, without a
    /// fence, if it is live.
    async fn begin_apply(
        &self,
        run: RunId,
        fence: Option<i32>,
        order: ApplyOrder,
        ids: Option<Vec<SuggestionId>>,
        accept_undecided: bool,
        at: Moment,
    ) -> Result<(Run, Begun)>;

    /// Returns one page of the items that an apply or a roll-back would have now, numbered as by
    /// [`ReviewStore::items_to_apply`] and [`ReviewStore::items_to_roll_back`]. Only the page's items are read in full.
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

    /// Returns the next planned items of the run's apply, by position.
    async fn planned_items(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<ApplyItem>>;

    /// Returns what Gloss last wrote on assets of a database, roll-backs included. Assets that it never wrote are
    /// missing.
    async fn last_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, Option<String>>>;

    /// Returns the databases in which writes of a run stand. `None` stands for writes of versions that did not record
    /// them.
    async fn identities_of_writes(&self, run: RunId) -> Result<Vec<Option<Identity>>>;

    /// Returns the writes in doubt ([`ApplyItem::doubt`]) of a run, or of all runs that no worker holds.
    async fn items_in_doubt(&self, run: Option<RunId>) -> Result<Vec<(RunId, ApplyItem)>>;

    /// Records the outcomes of a run's items in doubt by [`crate::domain::run::RunEdit::settle_item`], and the run's
    /// new status, in one transaction.
    ///
    /// # Errors
    /// Returns `Conflict` if the run is live or one of the items is already settled.
    async fn settle_items(&self, run: RunId, items: Vec<ApplyItem>, at: Moment) -> Result<Run>;

    /// Ends the run's apply by [`crate::domain::run::RunEdit::finish_apply`], with what its suggestions still need, in
    /// one transaction.
    async fn finish_apply(&self, run: RunId, fence: i32, at: Moment) -> Result<Run>;

    /// Returns one page of the outcomes of a run's last apply or roll-back, by position.
    async fn items_page(
        &self,
        run: RunId,
        statuses: Option<&[ApplyStatus]>,
        page: &PageRequest,
    ) -> Result<Page<ApplyItem>>;

    /// Returns the number of these items.
    async fn items_count(&self, run: RunId, statuses: Option<&[ApplyStatus]>) -> Result<i64>;

    /// Returns one page of the audit, newest first.
    async fn applied_comments_page(
        &self,
        filter: &AppliedCommentFilter,
        page: &PageRequest,
    ) -> Result<Page<AppliedComment>>;

    /// Returns the number of writes that pass the filter.
    async fn applied_comments_count(&self, filter: &AppliedCommentFilter) -> Result<i64>;

    /// Returns writes by key; unknown ones are missing.
    async fn applied_comments_by_id(
        &self,
        ids: &[AppliedCommentId],
    ) -> Result<HashMap<AppliedCommentId, AppliedComment>>;

    /// Returns the suggestions of the chains that these belong to, by chain and version.
    async fn chains(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Suggestion>>>;
}
