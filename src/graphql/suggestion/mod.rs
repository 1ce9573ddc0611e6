//! Suggestions: what a run proposes for an asset, and what a person decided about it.

pub mod facets;
pub mod input;
pub mod object;
pub mod subscription;
