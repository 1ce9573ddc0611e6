//! Acting on schedules.

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

/// Making, changing, pausing, running, deleting.
#[derive(Default)]
pub struct ScheduleMutation;

#[Object]
impl ScheduleMutation {
    /// Makes a schedule. Its scope is looked up live, so that what does not exist is refused now.
    #[graphql(complexity = "100 + child_complexity")]
    async fn create_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "When it fires, and what it describes.")] input: CreateScheduleInput,
    ) -> Result<SchedulePayload> {
        Ok(services(context).schedules.create(input.order(viewer(context).name.clone())?).await?.into())
    }

    /// Changes a schedule: what is absent stays as it is, null clears. One whose moment is over is ACTIVE again once it
    /// is given a new one.
    #[graphql(complexity = "100 + child_complexity")]
    async fn update_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which schedule, and what changes.")] input: UpdateScheduleInput,
    ) -> Result<SchedulePayload> {
        let id = ScheduleId::from_argument(&input.id, "input.id")?;
        Ok(services(context).schedules.update(id, input.change()?).await?.into())
    }

    /// Stops a schedule for a while; runs that it started go on. One whose moment is over is a CONFLICT.
    async fn pause_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: PauseScheduleInput,
    ) -> Result<SchedulePayload> {
        Ok(services(context).schedules.pause(ScheduleId::from_argument(&input.id, "input.id")?).await?.into())
    }

    /// Lets a paused schedule go on with its next time from now; what was due meanwhile is not made up for. One whose
    /// moment is over is a CONFLICT.
    async fn resume_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: ResumeScheduleInput,
    ) -> Result<SchedulePayload> {
        Ok(services(context).schedules.resume(ScheduleId::from_argument(&input.id, "input.id")?).await?.into())
    }

    /// Starts now what a firing would start, whatever the schedule's status, and leaves its times alone. No run where a
    /// schedule with `onChange` finds nothing new.
    #[graphql(complexity = "100 + child_complexity")]
    async fn run_schedule_now(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: RunScheduleNowInput,
    ) -> Result<StartRunPayload> {
        let id = ScheduleId::from_argument(&input.id, "input.id")?;
        let run = services(context).schedules.run_now(id, &viewer(context).name).await?;
        Ok(run.into_iter().collect::<Vec<_>>().into())
    }

    /// Deletes a schedule; its runs stay, and those at work go on.
    async fn delete_schedule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which schedule.")] input: DeleteScheduleInput,
    ) -> Result<DeletePayload> {
        services(context).schedules.delete(ScheduleId::from_argument(&input.id, "input.id")?).await?;
        Ok(DeletePayload { deleted_id: input.id })
    }
}
