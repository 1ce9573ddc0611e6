//! Single values of runs, for lists that show a few fields of many runs.

use serde::Serialize;

/// A value of a run that can be read without the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the store's column with that name")]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
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

/// One page of a list as cells. Each row ends with the parts of its cursor.
#[derive(Debug, Clone, Default)]
pub struct CellPage {
    /// The rows, in the list's order.
    pub rows: Vec<Vec<Cell>>,
    /// Whether more rows follow the last one.
    pub has_next: bool,
    /// Whether more rows precede the first one.
    pub has_previous: bool,
}
