//! Profiles: named connections to databases and to language models.

pub mod coverage;
pub mod export;
pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
