//! Suggestions: the texts that a run proposes for an asset, and their reviews.

pub mod facets;
pub mod input;
pub mod object;
pub mod subscription;
