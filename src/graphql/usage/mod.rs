//! What models were used for.

pub mod object;
pub mod query;
