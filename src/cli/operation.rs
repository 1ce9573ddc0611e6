//! The GraphQL documents that the commands send.
//!
//! The rule: a document stands in the file of its command and in the `OPERATIONS` of that file. A test checks all of
//! them against the schema, and a server that executes only trusted documents trusts them.

/// A GraphQL document with one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation(pub &'static str);
