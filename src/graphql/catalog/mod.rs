//! The live catalog of a database, below its DB profile.

pub mod known;
pub mod object;
