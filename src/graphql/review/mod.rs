//! Reviews: decisions on suggestions.

pub mod input;
pub mod mutation;
