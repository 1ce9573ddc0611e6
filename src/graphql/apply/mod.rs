//! Comments written to databases: ordering it, its plan, its outcomes, its audit.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
