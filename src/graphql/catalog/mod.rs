//! The live catalog of a database, below its DB profile.

pub mod object;
