//! Questions about databases, their sessions and answers.

pub mod mutation;
pub mod object;
pub mod query;
