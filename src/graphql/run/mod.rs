//! Runs: the type, its parts, its events, and the operations on it.

pub mod again;
pub mod estimate;
pub mod event;
pub mod input;
pub mod mutation;
pub mod object;
pub mod parts;
pub mod query;
pub mod subscription;
