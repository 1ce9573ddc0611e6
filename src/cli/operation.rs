//! The GraphQL documents that the commands send.
//!
//! The rule: a document stands in the file of its command and in the `OPERATIONS` of that file. A test checks all of
//! them against the schema, and a server that executes only trusted documents trusts them.

/// A GraphQL document with one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation(pub &'static str);

/// The fields of `RunEvent` that the commands use. A macro, because only literals can be joined into a constant.
macro_rules! event_fields {
    () => {
        "sequence at type message status progress { total done failed skipped }
        usage { inputTokens outputTokens totalTokens costUsd requests } asset { kind display }
        suggestion { description confidence } text error { code message hint } actor"
    };
}
pub(super) use event_fields;

/// The fields of `Run` that the commands show.
macro_rules! run_fields {
    () => {
        "id number kind command status title labels scopeSummary dbProfileName llmProfileName model
        createdAt startedAt finishedAt durationSeconds applySeconds startedBy cancelledBy
        waiting { reason since } progress { total done failed skipped }
        usage { inputTokens outputTokens totalTokens costUsd modelSeconds requests retries repeats }
        error { code message hint } lastSequence"
    };
}
pub(super) use run_fields;
