//! Single values of runs, for lists that show a few fields of many runs.

use std::sync::Arc;

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
    CachedInputTokens,
    CacheWriteTokens,
    OutputTokens,
    CostUsd,
    ModelMs,
    Requests,
    Retries,
    Repeats,
    LastSequence,
    MaxCostUsd,
    MaxTokens,
    MaxSeconds,
}

/// A single value. A moment is an integer, in milliseconds since 1970. An enumeration is a text, as the API spells it.
/// Labels and what a run waits for are JSON.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'a str),
}

impl<'a> Cell<'a> {
    /// The integer; `None` for any other value.
    #[must_use]
    pub const fn int(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The text; `None` for any other value.
    #[must_use]
    pub const fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A cell as a table holds it. A text is a range of the table's texts.
#[derive(Debug, Clone, Copy)]
enum Held {
    Null,
    Int(i64),
    Real(f64),
    Text(usize, usize),
}

/// Cells that were read together, row by row. Their texts share one buffer, so a page needs few allocations.
#[derive(Debug, Default)]
pub struct CellTable {
    width: usize,
    cells: Vec<Held>,
    texts: String,
}

impl CellTable {
    /// Creates an empty table with this number of columns.
    #[must_use]
    pub const fn new(width: usize) -> Self {
        Self { width, cells: Vec::new(), texts: String::new() }
    }

    /// Makes room for this number of rows, and of bytes of text.
    pub fn reserve(&mut self, rows: usize, bytes: usize) {
        self.cells.reserve(rows * self.width);
        self.texts.reserve(bytes);
    }

    /// Adds the next cell of the last row, or the first one of a new row.
    pub fn push(&mut self, cell: Cell<'_>) {
        self.cells.push(match cell {
            Cell::Null => Held::Null,
            Cell::Int(number) => Held::Int(number),
            Cell::Real(number) => Held::Real(number),
            Cell::Text(text) => {
                let start = self.texts.len();
                self.texts.push_str(text);
                Held::Text(start, self.texts.len())
            }
        });
    }

    /// Returns the complete rows.
    #[must_use]
    pub fn into_rows(self) -> Vec<CellRow> {
        let (width, table) = (self.width.max(1), Arc::new(self));
        (0..table.cells.len() / width).map(|at| CellRow { table: Arc::clone(&table), start: at * width }).collect()
    }
}

/// A row of a table. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CellRow {
    table: Arc<CellTable>,
    start: usize,
}

impl CellRow {
    /// The number of cells.
    #[must_use]
    pub fn width(&self) -> usize {
        self.table.width
    }

    /// Returns a cell by its column; null beyond the last one.
    #[must_use]
    pub fn get(&self, at: usize) -> Cell<'_> {
        match self.table.cells.get(self.start + at).filter(|_| at < self.table.width) {
            None | Some(Held::Null) => Cell::Null,
            Some(Held::Int(number)) => Cell::Int(*number),
            Some(Held::Real(number)) => Cell::Real(*number),
            Some(Held::Text(start, end)) => Cell::Text(&self.table.texts[*start..*end]),
        }
    }

    /// Returns the cells from a column on.
    #[must_use]
    pub fn from(&self, at: usize) -> Vec<Cell<'_>> {
        (at..self.width()).map(|at| self.get(at)).collect()
    }
}

impl PartialEq for CellRow {
    fn eq(&self, other: &Self) -> bool {
        self.from(0) == other.from(0)
    }
}

/// One page of a list as cells. Each row ends with the parts of its cursor.
#[derive(Debug, Clone, Default)]
pub struct CellPage {
    /// The rows, in the list's order.
    pub rows: Vec<CellRow>,
    /// Whether more rows follow the last one.
    pub has_next: bool,
    /// Whether more rows precede the first one.
    pub has_previous: bool,
}
