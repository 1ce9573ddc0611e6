//! The comparison of runs: metrics with winners, the grid of assets, and exports.

pub mod export;
pub mod input;
pub mod metric;
pub mod object;
pub mod query;
