//! API tokens.

pub mod mutation;
pub mod object;
pub mod query;
