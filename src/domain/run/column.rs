//! Single values of runs, for lists that show a few fields of many runs.

/// A value of a run that can be read without the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the field of `Run` with the same name")]
pub enum RunColumn {
    Id,
    Kind,
    Command,
    Status,
    ScopeSummary,
    DbProfileName,
    LlmProfileName,
    Model,
    CreatedAt,
    StartedAt,
    FinishedAt,
    ActiveMs,
    ActiveSince,
    ApplyMs,
    ApplySince,
    StartedBy,
    CancelledBy,
    Title,
    Labels,
    Waiting,
    RowsTotal,
    RowsDone,
    RowsFailed,
    RowsSkipped,
    InputTokens,
    OutputTokens,
    CostUsd,
    ModelMs,
    Requests,
    Retries,
    LastSequence,
    MaxCostUsd,
    MaxTokens,
    MaxSeconds,
}

/// A single value. A moment is an integer, in milliseconds since 1970. An enumeration is a text, as the API spells it.
/// Labels and what a run waits for are JSON.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

impl Cell {
    /// The integer; `None` for any other value.
    #[must_use]
    pub const fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The text; `None` for any other value.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
