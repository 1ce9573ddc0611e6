//! The usage of models.

pub mod object;
pub mod query;
