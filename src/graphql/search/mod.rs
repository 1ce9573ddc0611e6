//! The search in catalogs.

pub mod object;
pub mod query;
