//! The live catalog of a target, below its DB profile.

pub mod object;
