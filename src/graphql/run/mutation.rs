//! Acting on runs.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    input::{CancelRunInput, CancelRunsInput, DeleteRunsInput, StartRunInput, UpdateRunInput, run_filter},
    object::Run,
};
use crate::{
    domain::{id::RunId, run::NamingChange},
    graphql::{
        connection::count,
        context::{services, viewer},
        ids::Key,
    },
    service::runs,
};

/// What was started.
#[derive(SimpleObject)]
pub struct StartRunPayload {
    /// The runs, QUEUED: one per target, or per run that is done again, in that order.
    runs: Vec<Run>,
}

impl From<Vec<crate::domain::run::Run>> for StartRunPayload {
    fn from(runs: Vec<crate::domain::run::Run>) -> Self {
        Self { runs: runs.into_iter().map(|run| Run(Arc::new(run))).collect() }
    }
}

/// What came of a cancel.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "runs::CancelOutcome")]
pub enum CancelOutcome {
    /// The run had not started; it is CANCELLED.
    Cancelled,
    /// The run was at work; it stops within seconds.
    Cancelling,
    /// There was nothing left to cancel.
    AlreadyFinished,
}

/// What came of a cancel.
#[derive(SimpleObject)]
pub struct CancelRunPayload {
    /// The run as it is now.
    run: Run,
    /// What came of it.
    outcome: CancelOutcome,
}

/// What came of a cancel of many.
#[derive(SimpleObject)]
pub struct CancelRunsPayload {
    /// Runs that match and could be cancelled.
    matched: i32,
    /// Runs that were told to stop; 0 in a dry run.
    cancelled: i32,
}

/// The run as it is now.
#[derive(SimpleObject)]
pub struct UpdateRunPayload {
    /// The run.
    run: Run,
}

/// What was deleted.
#[derive(SimpleObject)]
pub struct DeleteRunsPayload {
    /// The ids of the runs that are gone.
    deleted_ids: Vec<ID>,
}

/// Starting, cancelling, deleting.
#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Starts to describe databases: one run per target, all are created, or none. They are QUEUED when this
    /// answers.
    async fn start_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to describe, and how.")] input: StartRunInput,
    ) -> Result<StartRunPayload> {
        Ok(services(context).runs.start(input.start(viewer(context).name.clone())?).await?.into())
    }

    /// Cancels a run: a queued one ends at once, one at work stops between two assets.
    async fn cancel_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which run.")] input: CancelRunInput,
    ) -> Result<CancelRunPayload> {
        let id = RunId::from_argument(&input.id, "input.id")?;
        let (run, outcome) = services(context).runs.cancel(id, &viewer(context).name).await?;
        Ok(CancelRunPayload { run: Run(Arc::new(run)), outcome: outcome.into() })
    }

    /// Cancels all runs that match and can be cancelled; with `dryRun` only counts them.
    async fn cancel_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which runs.")] input: CancelRunsInput,
    ) -> Result<CancelRunsPayload> {
        let filter = run_filter(Some(input.filter), "input.filter")?;
        let (dry_run, actor) = (input.dry_run.unwrap_or_default(), &viewer(context).name);
        let outcome = services(context).runs.cancel_many(&filter, dry_run, actor).await?;
        Ok(CancelRunsPayload { matched: count(outcome.matched), cancelled: count(outcome.cancelled) })
    }

    /// Sets a run's title and labels: what people call it in lists and comparisons. What is absent stays as it is; null
    /// clears.
    async fn update_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which run, and what changes.")] input: UpdateRunInput,
    ) -> Result<UpdateRunPayload> {
        let id = RunId::from_argument(&input.id, "input.id")?;
        let change = NamingChange { title: input.title.into(), labels: input.labels.into() };
        let run = services(context).runs.rename(id, change).await?;
        Ok(UpdateRunPayload { run: Run(Arc::new(run)) })
    }

    /// Deletes runs that have ended, with all that belongs to them, all or none; a run still going is a CONFLICT.
    async fn delete_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which runs.")] input: DeleteRunsInput,
    ) -> Result<DeleteRunsPayload> {
        let ids = RunId::from_arguments(&input.ids, "input.ids")?;
        let deleted = services(context).runs.delete(ids).await?;
        Ok(DeleteRunsPayload { deleted_ids: deleted.iter().map(Key::global).collect() })
    }
}
