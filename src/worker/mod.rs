//! Work that goes on by itself: which runs this process works on, the loop that takes, keeps and ends them, and the
//! one that starts runs by schedule.
//!
//! The rule: the registry holds what runs in this process and nothing else; status lives in the store. Pool and
//! scheduler are nudged and also wake by themselves, so that a lost nudge costs seconds and never a run.

pub mod pool;
pub mod registry;
pub mod scheduler;

pub use pool::{Pool, PoolSettings};
pub use scheduler::{Scheduler, SchedulerSettings};
