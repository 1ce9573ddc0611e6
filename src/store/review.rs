//! Implements the port of reviews and applies. The work is done in the modules that it calls.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{
    SqlStore, apply_plan, applying, audit, chain,
    deciding::{Busy, decide_on},
    identity, items, runs, settle,
    trouble::DbResult as _,
};
use crate::{
    domain::{
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
    },
    port::store::{Change, PlanPage, ReviewStore},
};

#[async_trait]
impl ReviewStore for SqlStore {
    async fn review(&self, selection: Selection, decision: Decision, reviewer: &str, at: Moment) -> Result<Reviewed> {
        let reviewer = reviewer.to_owned();
        self.transact(move |transaction| async move {
            let by = (reviewer.as_str(), at);
            let reviewed = decide_on(&transaction, &selection, &decision, by, Busy::Refuse).await?;
            transaction.commit().await?;
            Ok(reviewed)
        })
        .await
    }

    async fn items_to_apply(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>> {
        Ok(apply_plan::to_apply(self.read(), run, ids, false).await?.0)
    }

    async fn items_to_roll_back(&self, run: RunId, ids: Option<&[SuggestionId]>) -> Result<Vec<ApplyItem>> {
        apply_plan::to_roll_back(self.read(), run, ids).await
    }

    async fn begin_apply(
        &self,
        run: RunId,
        fence: Option<i32>,
        order: ApplyOrder,
        ids: Option<Vec<SuggestionId>>,
        accept_undecided: bool,
        at: Moment,
    ) -> Result<(Run, Begun)> {
        self.transact(move |transaction| {
            applying::begin_apply(transaction, run, fence, order, ids, accept_undecided, at)
        })
        .await
    }

    async fn plan_page(
        &self,
        run: RunId,
        rollback: bool,
        ids: Option<&[SuggestionId]>,
        list: &str,
        page: &PageRequest,
    ) -> Result<PlanPage> {
        apply_plan::page(self.read(), run, rollback, ids, list, page).await
    }

    async fn planned_items(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<ApplyItem>> {
        items::planned(self.read(), run, after_position, limit).await.db()
    }

    async fn last_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, Option<String>>> {
        audit::last_written(self.read(), profile, assets).await
    }

    async fn identities_of_writes(&self, run: RunId) -> Result<Vec<Option<Identity>>> {
        identity::of_writes(self.read(), run).await.db()
    }

    async fn items_in_doubt(&self, run: Option<RunId>) -> Result<Vec<(RunId, ApplyItem)>> {
        items::in_doubt(self.read(), run).await
    }

    async fn settle_items(&self, run: RunId, items: Vec<ApplyItem>, at: Moment) -> Result<Run> {
        self.transact(move |transaction| applying::settle_items(transaction, run, items, at)).await
    }

    async fn finish_apply(&self, run: RunId, fence: i32, at: Moment) -> Result<Run> {
        self.transact(move |transaction| async move {
            let needs = settle::unsettled(&transaction, run).await.db()?;
            let written = items::written(&transaction, run).await?;
            let run = runs::find(&transaction, run).await?;
            let finish: Change = Box::new(move |edit| edit.finish_apply(needs, written));
            runs::change(transaction, run, Some(fence), at, finish).await
        })
        .await
    }

    async fn items_page(
        &self,
        run: RunId,
        statuses: Option<&[ApplyStatus]>,
        page: &PageRequest,
    ) -> Result<Page<ApplyItem>> {
        items::page(self.read(), run, statuses, page).await
    }

    async fn items_count(&self, run: RunId, statuses: Option<&[ApplyStatus]>) -> Result<i64> {
        items::count(self.read(), run, statuses).await
    }

    async fn applied_comments_page(
        &self,
        filter: &AppliedCommentFilter,
        page: &PageRequest,
    ) -> Result<Page<AppliedComment>> {
        audit::page(self.read(), filter, page).await
    }

    async fn applied_comments_count(&self, filter: &AppliedCommentFilter) -> Result<i64> {
        audit::count(self.read(), filter).await
    }

    async fn applied_comments_by_id(
        &self,
        ids: &[AppliedCommentId],
    ) -> Result<HashMap<AppliedCommentId, AppliedComment>> {
        audit::by_id(self.read(), ids).await.db()
    }

    async fn chains(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Suggestion>>> {
        chain::members(self.read(), ids).await.db()
    }
}
