//! Verdicts on the texts of runs, and the runs that give them.

pub mod mutation;
pub mod object;
pub mod query;
