//! Runs at work: which runs this process works on, and the loop that takes, keeps and ends them.
//!
//! The rule: the registry holds what runs in this process and nothing else; status lives in the store. The pool
//! is nudged and also wakes by itself, so that a lost nudge costs a second and never a run.

pub mod pool;
pub mod registry;

pub use pool::{Pool, PoolSettings};
