//! Runs side by side: metrics with winners, the grid, exports.

pub mod export;
pub mod input;
pub mod metric;
pub mod object;
pub mod query;
