//! Schedules: runs that start at set times.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
