//! Schedules: runs that nobody starts by hand.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
