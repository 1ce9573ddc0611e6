//! Imports of runs that ended elsewhere.

pub mod input;
pub mod mutation;
