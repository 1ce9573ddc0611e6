//! The server, its workers, who is asking.

pub mod object;
pub mod query;
