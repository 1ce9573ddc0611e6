//! The server, its workers, and the caller.

pub mod object;
pub mod query;
