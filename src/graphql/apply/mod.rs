//! Comments written to databases: apply and roll-back, their plan, their outcomes and the audit.

pub mod input;
pub mod mutation;
pub mod object;
pub mod query;
