//! Searching catalogs.

pub mod object;
pub mod query;
