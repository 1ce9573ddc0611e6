//! Apply, roll-back, their plan and their audit.
//!
//! The rule: an apply is recorded here as ordered, with the comments that it is to write, and is written by a
//! worker. A plan decides by the same rule as the apply itself, `domain::apply::verdict`, on the comments that
//! stand there now; it writes nothing, and asks the target only for the page that is wanted.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use tracing::info;

use super::{catalog::unreachable, reviews::named_suggestions, runs::unknown_run};
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
        status::RunKind,
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

/// Comments that a plan reads at once.
const LOOKS_AT_ONCE: usize = 8;

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOrder {
    /// Of which run.
    pub run_id: RunId,
    /// Which of its suggestions; all that can be when absent.
    pub suggestion_ids: Option<Vec<SuggestionId>>,
    /// Whether what stood before is put back.
    pub rollback: bool,
    /// Whether to write where another comment stands.
    pub overwrite: bool,
}

/// The use cases.
#[derive(Clone)]
pub struct Applies {
    ports: Ports,
}

impl Applies {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Orders an apply or a roll-back: the run is APPLYING when this answers. Gives the number of comments to be
    /// written; where there is none, nothing begins and the run stays as it is.
    ///
    /// # Errors
    /// `NotFound` and `BadInput` with the path of the argument at fault; `Conflict` where the run is at work, has
    /// nothing that could be written, or its DB profile is gone.
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

    /// One page of what an apply or roll-back would do now, and how many comments it has in all. With `look` the
    /// page's comments and statements are read from the target.
    ///
    /// # Errors
    /// As [`Applies::begin`]; `Unavailable` for a target that cannot be reached.
    pub async fn plan(
        &self,
        order: &WriteOrder,
        arguments: &PageArguments,
        look: bool,
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
        if look && !page.rows.is_empty() {
            let with_earlier = |(cursor, item): (Cursor, ApplyItem)| {
                let of_asset = by_asset.get(&item.asset).map_or(&[][..], Vec::as_slice);
                let earlier = of_asset.iter().filter(|other| other.position < item.position).cloned().collect();
                (cursor, item, earlier)
            };
            let rows = page.rows.into_iter().map(with_earlier).collect();
            page.rows = self.look(&profile, rows, order).await?;
        }
        Ok((page, total))
    }

    /// One page of what the last apply or roll-back of a run did.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
    pub async fn outcomes(
        &self,
        run: RunId,
        statuses: Option<&[ApplyStatus]>,
        arguments: &PageArguments,
    ) -> Result<Page<ApplyItem>> {
        let request = PageRequest::new(arguments, &outcomes_list(run))?;
        self.ports.store.items_page(run, statuses, &request).await
    }

    /// One page of all that was ever written, newest first.
    ///
    /// # Errors
    /// `BadInput` for page arguments that cannot be used.
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
        if run.spec.kind == RunKind::Ask {
            return Err(Error::conflict(format!("run #{id} answers a question, so it has nothing to apply")));
        }
        Ok(run)
    }

    async fn db_profile(&self, run: &Run) -> Result<DbProfile> {
        super::reruns::db_profile_of(&self.ports, run).await
    }

    /// Refuses to write, or to plan that, where the profile leads to another database than the run's.
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

    /// Completes items with what stands there now, what is to become of them, and the exact statement. Each comes
    /// with those of the same asset that are written before it.
    async fn look(
        &self,
        profile: &DbProfile,
        rows: Vec<(Cursor, ApplyItem, Vec<ApplyItem>)>,
        order: &WriteOrder,
    ) -> Result<Vec<(Cursor, ApplyItem)>> {
        let assets: Vec<_> = rows.iter().map(|(_, item, _)| item.asset.clone()).collect();
        // As the apply itself: a roll-back asks for nothing but what it undoes.
        let last_written =
            if order.rollback { HashMap::new() } else { self.ports.store.last_written(profile.id, &assets).await? };
        let target = self.ports.targets.open(profile).map_err(unreachable)?;
        let (target, last_written) = (target.as_ref(), &last_written);
        let looks = rows.into_iter().map(|(cursor, item, earlier)| async move {
            let last = last_written.get(&item.asset);
            Ok::<_, Error>((cursor, planned(target, item, &earlier, last, order).await?))
        });
        stream::iter(looks).buffered(LOOKS_AT_ONCE).try_collect().await
    }
}

/// One item as an apply would find it: what stands there now, or what the items before it leave there.
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

/// An item that cannot be written; a target that does not answer is no matter of one item.
fn refused(mut item: ApplyItem, error: TargetError) -> Result<ApplyItem> {
    match error {
        TargetError::Refused(_) => {
            item.status = ApplyStatus::Failed;
            item.error = Some(not_written(&error));
            Ok(item)
        }
        error => Err(unreachable(error)),
    }
}
