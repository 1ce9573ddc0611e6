//! Schedules.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    clock::Moment,
    id::ScheduleId,
    page::{Page, PageRequest},
    run::Run,
    schedule::{Firing, NewSchedule, Schedule, ScheduleFilter},
};

/// What happens to a schedule, applied inside the store's transaction.
pub type ScheduleChange = Box<dyn FnOnce(&mut Schedule) -> Result<()> + Send>;

/// Schedules and their firings.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// Records a schedule.
    ///
    /// # Errors
    /// `NotFound` where a profile of it is gone, with the argument's path.
    async fn create_schedule(&self, schedule: NewSchedule, at: Moment) -> Result<Schedule>;

    /// Changes a schedule in one transaction. One that turns to another DB profile forgets what it has seen. `fence` is
    /// the revision that the change was made for, where it was made for one.
    ///
    /// # Errors
    /// `NotFound` if the schedule or a profile that the change names does not exist; `Conflict` for another revision;
    /// what the change returns.
    async fn change_schedule(&self, id: ScheduleId, fence: Option<i32>, change: ScheduleChange) -> Result<Schedule>;

    /// Deletes a schedule with its firings and what it has seen; its runs stay.
    ///
    /// # Errors
    /// `NotFound`.
    async fn delete_schedule(&self, id: ScheduleId) -> Result<()>;

    /// Takes a firing in one transaction: records it, moves the schedule on to its next one, and records the run that
    /// it starts, if it starts one. `None` where the schedule is not any more as it was read: the firing was taken by
    /// somebody else, or a person changed the schedule, paused or deleted it.
    async fn fire(&self, schedule: &Schedule, firing: Firing, at: Moment) -> Result<Option<Option<Run>>>;

    /// Plans the next firings again that were planned at a later moment than this one: by a clock that has been set
    /// back since.
    async fn plan_again(&self, at: Moment) -> Result<()>;

    /// The active schedules whose firing is due, the longest due first.
    async fn due_schedules(&self, at: Moment) -> Result<Vec<Schedule>>;

    /// The first firing after a moment.
    async fn next_firing(&self, after: Moment) -> Result<Option<Moment>>;

    /// Schedules by key; unknown ones are missing.
    async fn schedules_by_id(&self, ids: &[ScheduleId]) -> Result<HashMap<ScheduleId, Schedule>>;

    /// One page of the list, newest first.
    async fn schedules_page(&self, filter: &ScheduleFilter, page: &PageRequest) -> Result<Page<Schedule>>;

    /// How many schedules pass.
    async fn schedules_count(&self, filter: &ScheduleFilter) -> Result<i64>;
}
