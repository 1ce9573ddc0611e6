//! Mutations of schedules.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::{
    input::{
        CreateScheduleInput, DeleteScheduleInput, PauseScheduleInput, ResumeScheduleInput, RunScheduleNowInput,
        UpdateScheduleInput,
    },
    object::Schedule,
};
use crate::{
    domain::{id::ScheduleId, schedule},
    graphql::{
        context::{services, viewer},
        ids::Key,
        profile::mutation::DeletePayload,
        run::mutation::StartRunPayload,
    },
};

/// The schedule as it is now.
#[derive(SimpleObject)]
pub struct SchedulePayload {
    /// The schedule.
    schedule: Schedule,
}

impl From<schedule::Schedule> for SchedulePayload {
    fn from(schedule: schedule::Schedule) -> Self {
        Self { schedule: Schedule(Arc::new(schedule)) }
    }
}

/// Mutations of schedules.
#[derive(Default)]
pub struct ScheduleMutation;

#[Object]
impl ScheduleMutation {
    /// Creates a schedule. Its scope is checked live: anything that does not exist is an error.
    #[graphql(complexity = "100 + child_complexity")]
    async fn create_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "When it fires, and what it describes.")] input: CreateScheduleInput,
    ) -> Result<SchedulePayload> {
        Ok(services(context).schedules.create(input.order(viewer(context).name.clone())?).await?.into())
    }

    /// Changes a schedule. Absent fields keep their values; null clears them. A one-time schedule that has fired
    /// becomes ACTIVE again when it gets a new `fireAt`.
    #[graphql(complexity = "100 + child_complexity")]
    async fn update_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The schedule and the change.")] input: UpdateScheduleInput,
    ) -> Result<SchedulePayload> {
        let id = ScheduleId::from_argument(&input.id, "input.id")?;
        Ok(services(context).schedules.update(id, input.change()?).await?.into())
    }

    /// Pauses a schedule. Runs that it started continue. Fails with CONFLICT for a one-time schedule that fired or was
    /// missed.
    async fn pause_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The schedule.")] input: PauseScheduleInput,
    ) -> Result<SchedulePayload> {
        Ok(services(context).schedules.pause(ScheduleId::from_argument(&input.id, "input.id")?).await?.into())
    }

    /// Resumes a paused schedule at its next future time. Skips the firings that were due while it was paused. Fails
    /// with CONFLICT for a one-time schedule that fired or was missed.
    async fn resume_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The schedule.")] input: ResumeScheduleInput,
    ) -> Result<SchedulePayload> {
        Ok(services(context).schedules.resume(ScheduleId::from_argument(&input.id, "input.id")?).await?.into())
    }

    /// Starts a run now, in any status of the schedule, without changing its firing times. Starts no run if the
    /// schedule has `onChange` and nothing changed.
    #[graphql(complexity = "100 + child_complexity")]
    async fn run_schedule_now(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The schedule.")] input: RunScheduleNowInput,
    ) -> Result<StartRunPayload> {
        let id = ScheduleId::from_argument(&input.id, "input.id")?;
        let run = services(context).schedules.run_now(id, &viewer(context).name).await?;
        Ok(run.into_iter().collect::<Vec<_>>().into())
    }

    /// Deletes a schedule. Its runs stay, and unfinished ones continue.
    async fn delete_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The schedule.")] input: DeleteScheduleInput,
    ) -> Result<DeletePayload> {
        services(context).schedules.delete(ScheduleId::from_argument(&input.id, "input.id")?).await?;
        Ok(DeletePayload { deleted_id: input.id })
    }
}
