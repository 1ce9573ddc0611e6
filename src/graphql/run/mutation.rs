//! Mutations of runs.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    input::{
        CancelRunInput, CancelRunsInput, DeleteRunsInput, PruneRunsInput, StartRunInput, UpdateRunInput, run_filter,
    },
    object::Run,
};
use crate::{
    domain::{id::RunId, retention::PruneOrder, run::NamingChange},
    graphql::{
        connection::count,
        context::{services, viewer},
        ids::Key,
    },
    service::runs,
};

/// The runs that were started.
#[derive(SimpleObject)]
pub struct StartRunPayload {
    /// The runs, QUEUED: one per target or per repeated run, in that order.
    runs: Vec<Run>,
}

impl From<Vec<crate::domain::run::Run>> for StartRunPayload {
    fn from(runs: Vec<crate::domain::run::Run>) -> Self {
        Self { runs: runs.into_iter().map(|run| Run(Arc::new(run))).collect() }
    }
}

/// The outcome of a cancel.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "runs::CancelOutcome")]
pub enum CancelOutcome {
    /// The run had not started. It is CANCELLED.
    Cancelled,
    /// The run was running. It stops within seconds.
    Cancelling,
    /// The run had already ended.
    AlreadyFinished,
}

/// The outcome of a cancel.
#[derive(SimpleObject)]
pub struct CancelRunPayload {
    /// The run as it is now.
    run: Run,
    /// The outcome.
    outcome: CancelOutcome,
}

/// The outcome of cancelling several runs.
#[derive(SimpleObject)]
pub struct CancelRunsPayload {
    /// The number of runs that match and can be cancelled.
    matched: i32,
    /// The number of runs that were cancelled; 0 in a dry run.
    cancelled: i32,
}

/// The run as it is now.
#[derive(SimpleObject)]
pub struct UpdateRunPayload {
    /// The run.
    run: Run,
}

/// The deleted runs.
#[derive(SimpleObject)]
pub struct DeleteRunsPayload {
    /// The ids of the deleted runs.
    deleted_ids: Vec<ID>,
}

/// The outcome of a prune.
#[derive(SimpleObject)]
pub struct PruneRunsPayload {
    /// The number of deleted runs; 0 in a dry run.
    deleted: i32,
    /// The number of runs still to delete. If it is not 0, the time was up: send the mutation again.
    remaining: i32,
    /// The number of runs that ended before the time, but that are needed and therefore kept.
    kept: i32,
}

/// Mutations of runs.
#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Starts runs that describe databases: one per target, all or none. The runs are QUEUED when this returns.
    async fn start_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to describe, and how.")] input: StartRunInput,
    ) -> Result<StartRunPayload> {
        Ok(services(context).runs.start(input.start(viewer(context).name.clone())?).await?.into())
    }

    /// Cancels a run. A queued run ends at once; a running one stops after the current asset.
    async fn cancel_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run.")] input: CancelRunInput,
    ) -> Result<CancelRunPayload> {
        let id = RunId::from_argument(&input.id, "input.id")?;
        let (run, outcome) = services(context).runs.cancel(id, &viewer(context).name).await?;
        Ok(CancelRunPayload { run: Run(Arc::new(run)), outcome: outcome.into() })
    }

    /// Cancels all runs that match and can be cancelled; with `dryRun` only counts them.
    async fn cancel_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The runs.")] input: CancelRunsInput,
    ) -> Result<CancelRunsPayload> {
        let filter = run_filter(Some(input.filter), "input.filter")?;
        let (dry_run, actor) = (input.dry_run.unwrap_or_default(), &viewer(context).name);
        let outcome = services(context).runs.cancel_many(&filter, dry_run, actor).await?;
        Ok(CancelRunsPayload { matched: count(outcome.matched), cancelled: count(outcome.cancelled) })
    }

    /// Sets a run's title and labels. Absent fields keep their values; null clears them.
    async fn update_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run and the change.")] input: UpdateRunInput,
    ) -> Result<UpdateRunPayload> {
        let id = RunId::from_argument(&input.id, "input.id")?;
        let change = NamingChange { title: input.title.into(), labels: input.labels.into() };
        let run = services(context).runs.rename(id, change).await?;
        Ok(UpdateRunPayload { run: Run(Arc::new(run)) })
    }

    /// Deletes ended runs and everything that belongs to them, all or none. Fails with CONFLICT if one has not ended.
    async fn delete_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The runs.")] input: DeleteRunsInput,
    ) -> Result<DeleteRunsPayload> {
        let ids = RunId::from_arguments(&input.ids, "input.ids")?;
        let deleted = services(context).runs.delete(ids).await?;
        Ok(DeleteRunsPayload { deleted_ids: deleted.iter().map(Key::global).collect() })
    }
    /// Deletes old runs that nobody needs, for at most a few seconds; with `dryRun` only counts them. Keeps a run that
    /// has not ended, whose suggestions wait for a decision or an apply, whose text is the accepted description of an
    /// asset, or whose writes can be rolled back.
    async fn prune_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The runs.")] input: PruneRunsInput,
    ) -> Result<PruneRunsPayload> {
        let kinds = input.kinds.map(|kinds| kinds.into_iter().map(Into::into).collect());
        let order = PruneOrder { ended_before: input.ended_before, kinds };
        let pruned = services(context).runs.prune(&order, input.dry_run.unwrap_or_default()).await?;
        let whole = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(PruneRunsPayload {
            deleted: count(pruned.deleted),
            remaining: whole(pruned.remaining),
            kept: whole(pruned.kept),
        })
    }
}
