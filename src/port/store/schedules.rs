//! Schedules and their firings.

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

/// A change of a schedule, applied inside the store's transaction.
pub type ScheduleChange = Box<dyn FnOnce(&mut Schedule) -> Result<()> + Send>;

/// Schedules and their firings.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// Creates a schedule.
    ///
    /// # Errors
    /// Returns `NotFound` with the argument's path if one of its profiles was deleted.
    async fn create_schedule(&self, schedule: NewSchedule, at: Moment) -> Result<Schedule>;

    /// Changes a schedule in one transaction. If its DB profile changes, it forgets which assets it has seen. `fence`
    /// is the revision that the change requires, if any.
    ///
    /// # Errors
    /// Returns `NotFound` if the schedule or a profile of it does not exist, `Conflict` for another revision, and the
    /// error of the change.
    async fn change_schedule(&self, id: ScheduleId, fence: Option<i32>, change: ScheduleChange) -> Result<Schedule>;

    /// Deletes a schedule with its firings and the assets that it has seen. Its runs stay.
    ///
    /// # Errors
    /// Returns `NotFound`.
    async fn delete_schedule(&self, id: ScheduleId) -> Result<()>;

    /// Takes a firing in one transaction: records it, moves the schedule to its next firing, and records the run that
    /// it starts, if any. Returns the outer `None` if the schedule has changed since it was read: another process took
    /// the firing, or the schedule was changed, paused or deleted.
    async fn fire(&self, schedule: &Schedule, firing: Firing, at: Moment) -> Result<Option<Option<Run>>>;

    /// Plans again the next firings that were planned at a time after `at`, which means that the clock was set back
    /// since.
    async fn plan_again(&self, at: Moment) -> Result<()>;

    /// Returns the active schedules that are due, the longest due first.
    async fn due_schedules(&self, at: Moment) -> Result<Vec<Schedule>>;

    /// Returns the time of the first firing after a moment.
    async fn next_firing(&self, after: Moment) -> Result<Option<Moment>>;

    /// Returns schedules by key; unknown ones are missing.
    async fn schedules_by_id(&self, ids: &[ScheduleId]) -> Result<HashMap<ScheduleId, Schedule>>;

    /// Returns one page of the list, newest first.
    async fn schedules_page(&self, filter: &ScheduleFilter, page: &PageRequest) -> Result<Page<Schedule>>;

    /// Returns the number of schedules that pass the filter.
    async fn schedules_count(&self, filter: &ScheduleFilter) -> Result<i64>;
}
