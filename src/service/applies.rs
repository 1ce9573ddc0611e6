//! Applies and roll-backs: ordering, planning, and the audit.
//!
//! The rules: ordering an apply records it together with the comments to write; a worker writes them. A plan decides by
//! the same function as the apply, `domain::apply::verdict`, on the current comments. It writes nothing, and queries
//! the target only for the requested page.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use tracing::info;

use super::{catalog::target_failure, reviews::named_suggestions, runs::unknown_run};
use crate::{
    domain::{
        Error, Result,
        apply::{
            AUDIT_LIST, AppliedComment, AppliedCommentFilter, ApplyItem, ApplyOrder, ApplyStatus, Begun, outcomes_list,
            verdict,
        },
        asset::AssetPath,
        id::{RunId, SuggestionId},
        page::{Cursor, Page, PageArguments, PageRequest},
        profile::DbProfile,
        run::Run,
        suggestion::ReviewState,
    },
    engine::bound,
    kind::{
        apply::{conflict, not_written},
        doubt,
    },
    port::{
        Ports,
        target::{Target, TargetError},
    },
};

/// Maximum number of comments that a plan reads concurrently.
const READS_AT_ONCE: usize = 8;

/// What to apply or roll back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOrder {
    /// The run.
    pub run_id: RunId,
    /// The suggestions; `None` selects all that can be written.
    pub suggestion_ids: Option<Vec<SuggestionId>>,
    /// Whether to roll back instead of apply.
    pub rollback: bool,
    /// Whether to replace a different existing comment.
    pub overwrite: bool,
}

/// The use cases of applies and roll-backs. Cheap to clone.
#[derive(Clone)]
pub struct Applies {
    ports: Ports,
}

impl Applies {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Orders an apply or a roll-back. On return the run is APPLYING. Also returns the number of comments to write; if
    /// it is 0, nothing is ordered and the run is unchanged.
    ///
    /// # Errors
    /// Returns `NotFound` and `BadInput` with the path of the argument at fault, and `Conflict` if the run is live, has
    /// nothing to write, or its DB profile was deleted.
    pub async fn begin(&self, order: &WriteOrder, actor: &str) -> Result<(Run, Begun)> {
        let run = self.run(order.run_id, "input.runId").await?;
        let profile = self.db_profile(&run).await?;
        let ids = self.ids(order, "input.suggestionIds").await?;
        self.refuse_moved(&run, &profile, order.rollback).await?;
        if !run.status.is_live() {
            doubt::settle(&self.ports, &profile, &run).await?;
        }
        let (rollback, overwrite, actor) = (order.rollback, order.overwrite, actor.to_owned());
        let ordered = ApplyOrder::new(run.status, rollback, overwrite, actor);
        let now = self.ports.clock.now();
        let (run, begun) = self.ports.store.begin_apply(run.id, None, ordered, ids, false, now).await?;
        if begun.total > 0 {
            info!(
                run = run.id.0,
                comments = begun.total,
                replacing = begun.replacing,
                rollback,
                "apply or roll-back requested"
            );
        }
        Ok((run, begun))
    }

    /// Returns one page of what an apply or roll-back would do now, and the total number of its comments. If `live` is
    /// set, the page's current comments and statements are read from the target.
    ///
    /// # Errors
    /// As [`Applies::begin`]; also `Unavailable` if the target cannot be reached.
    pub async fn plan(
        &self,
        order: &WriteOrder,
        arguments: &PageArguments,
        live: bool,
    ) -> Result<(Page<ApplyItem>, usize)> {
        let list = format!("applyPlan:{}:{}", order.run_id, if order.rollback { "ROLLBACK" } else { "APPLY" });
        let request = PageRequest::new(arguments, &list)?;
        let run = self.run(order.run_id, "runId").await?;
        let profile = self.db_profile(&run).await?;
        let ids = self.ids(order, "suggestionIds").await?;
        self.refuse_moved(&run, &profile, order.rollback).await?;
        let plan = self.ports.store.plan_page(run.id, order.rollback, ids.as_deref(), &list, &request).await?;
        let (mut page, total) = (plan.page, plan.total);
        let mut by_asset: HashMap<AssetPath, Vec<ApplyItem>> = HashMap::new();
        for item in plan.on_assets {
            by_asset.entry(item.asset.clone()).or_default().push(item);
        }
        if live && !page.rows.is_empty() {
            let with_earlier = |(cursor, item): (Cursor, ApplyItem)| {
                let of_asset = by_asset.get(&item.asset).map_or(&[][..], Vec::as_slice);
                let earlier = of_asset.iter().filter(|other| other.position < item.position).cloned().collect();
                (cursor, item, earlier)
            };
            let rows = page.rows.into_iter().map(with_earlier).collect();
            page.rows = self.read_live(&profile, rows, order).await?;
        }
        Ok((page, total))
    }

    /// Returns one page of the outcomes of a run's last apply or roll-back.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn outcomes(
        &self,
        run: RunId,
        statuses: Option<&[ApplyStatus]>,
        arguments: &PageArguments,
    ) -> Result<Page<ApplyItem>> {
        let request = PageRequest::new(arguments, &outcomes_list(run))?;
        self.ports.store.items_page(run, statuses, &request).await
    }

    /// Returns one page of the audit, newest first.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn audit(
        &self,
        filter: &AppliedCommentFilter,
        arguments: &PageArguments,
    ) -> Result<Page<AppliedComment>> {
        let request = PageRequest::new(arguments, AUDIT_LIST)?;
        self.ports.store.applied_comments_page(filter, &request).await
    }

    async fn run(&self, id: RunId, argument: &str) -> Result<Run> {
        let run = self.ports.store.runs_by_id(&[id]).await?.remove(&id).ok_or_else(|| unknown_run(argument))?;
        if !run.spec.kind.describes() {
            return Err(Error::conflict(format!("run #{id} describes no assets, so it has nothing to apply")));
        }
        Ok(run)
    }

    async fn db_profile(&self, run: &Run) -> Result<DbProfile> {
        super::reruns::db_profile_of(&self.ports, run).await
    }

    /// Refuses a request if the profile points to another database than the run's.
    async fn refuse_moved(&self, run: &Run, profile: &DbProfile, rollback: bool) -> Result<()> {
        let wanted = bound::to_write_in(&self.ports, run, rollback).await?;
        let what = format!("run #{}", run.id);
        bound::refuse_moved(&self.ports, profile, run.spec.scope.database.as_deref(), &wanted, &what).await
    }

    async fn ids(&self, order: &WriteOrder, argument: &str) -> Result<Option<Vec<SuggestionId>>> {
        match &order.suggestion_ids {
            Some(ids) => Ok(Some(self.check_suggestions(order, ids, argument).await?)),
            None => Ok(None),
        }
    }

    /// Refuses suggestions of other runs and, for an apply, those that are not accepted.
    async fn check_suggestions(
        &self,
        order: &WriteOrder,
        ids: &[SuggestionId],
        argument: &str,
    ) -> Result<Vec<SuggestionId>> {
        let suggestions = named_suggestions(&self.ports, ids, argument).await?;
        for suggestion in &suggestions {
            let path = || {
                let at = ids.iter().position(|id| *id == suggestion.id).unwrap_or_default();
                format!("{argument}.{at}")
            };
            let place = suggestion.asset.display();
            if suggestion.run_id != order.run_id {
                let message = format!(
                    "this suggestion for {place} belongs to run #{}, not to run #{}; pass suggestions of one run",
                    suggestion.run_id, order.run_id
                );
                return Err(Error::not_found_at(path(), message));
            }
            if !order.rollback && !matches!(suggestion.review.state, ReviewState::Accepted | ReviewState::Edited) {
                let message = format!(
                    "the suggestion for {place} is {}; accept it first, or omit it",
                    suggestion.review.state.as_str()
                );
                return Err(Error::bad_input(path(), message));
            }
        }
        Ok(suggestions.iter().map(|suggestion| suggestion.id).collect())
    }

    /// Completes items with the current comment, the expected outcome and the exact statement. Each comes with the
    /// earlier items of the same asset.
    async fn read_live(
        &self,
        profile: &DbProfile,
        rows: Vec<(Cursor, ApplyItem, Vec<ApplyItem>)>,
        order: &WriteOrder,
    ) -> Result<Vec<(Cursor, ApplyItem)>> {
        let assets: Vec<_> = rows.iter().map(|(_, item, _)| item.asset.clone()).collect();
        // The apply itself does the same: a roll-back needs only the writes that it undoes.
        let last_written =
            if order.rollback { HashMap::new() } else { self.ports.store.last_written(profile.id, &assets).await? };
        let target = self.ports.targets.open(profile).map_err(target_failure)?;
        let (target, last_written) = (target.as_ref(), &last_written);
        let reads = rows.into_iter().map(|(cursor, item, earlier)| async move {
            let last = last_written.get(&item.asset);
            Ok::<_, Error>((cursor, planned(target, item, &earlier, last, order).await?))
        });
        stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await
    }
}

/// Completes one item with the comment that an apply would find: the current one, or the one that earlier items leave.
async fn planned(
    target: &dyn Target,
    mut item: ApplyItem,
    earlier: &[ApplyItem],
    last_written: Option<&Option<String>>,
    order: &WriteOrder,
) -> Result<ApplyItem> {
    let mut live = match target.comment(&item.asset).await {
        Ok(live) => live,
        Err(error) => return refused(item, error),
    };
    for other in earlier {
        if verdict(other, live.as_deref(), last_written, order.overwrite) == ApplyStatus::Planned {
            live.clone_from(&other.text);
        }
    }
    item.status = verdict(&item, live.as_deref(), last_written, order.overwrite);
    item.before = live;
    match target.comment_statement(&item.asset, item.text.as_deref()).await {
        Ok(statement) => item.statement = Some(statement),
        Err(TargetError::Refused(_)) if item.status != ApplyStatus::Planned => {}
        Err(error) => return refused(item, error),
    }
    if item.status == ApplyStatus::Conflict {
        item.error = Some(conflict(item.before.as_deref(), order.rollback));
    }
    Ok(item)
}

/// Marks an item as failed if the target refuses it. Returns other errors of the target, because they do not concern a
/// single item.
fn refused(mut item: ApplyItem, error: TargetError) -> Result<ApplyItem> {
    match error {
        TargetError::Refused(_) => {
            item.status = ApplyStatus::Failed;
            item.error = Some(not_written(&error));
            Ok(item)
        }
        error => Err(target_failure(error)),
    }
}
