//! Review: what a person decides about suggestions.

pub mod input;
pub mod mutation;
