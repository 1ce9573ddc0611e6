//! Statistics of tables, the part that all databases share: which columns to read together, and how to summarize the
//! values.
//!
//! The rule: a database is asked for at most [`SampleLimits::rows`] rows plus one, as texts of bounded length, in one
//! statement per [`COLUMNS_AT_ONCE`] columns. Gloss does the counting, so that the described database neither sorts
//! nor aggregates. A failed statement is retried with half of its columns until only the unreadable columns remain.

mod column;
mod order;
mod pairs;

use std::time::Duration;

use tokio::time::Instant;

pub(super) use column::{Cell, Class, ColumnSample};

use super::text::shown;
use crate::{
    domain::{
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, TableDetail, TableStatistics},
        codes::ROWS,
    },
    port::target::{SampleLimits, TargetError},
};

/// Maximum number of columns per statement. It bounds memory and stays below every database's limit.
const COLUMNS_AT_ONCE: usize = 64;
/// Maximum number of characters read of a value. Values that differ only after that count as equal.
pub(super) const CHARACTERS_READ: usize = 256;

/// The result of reading some columns of a table.
pub(super) enum Outcome {
    /// All rows up to the limit were read; `whole` if the table has no more.
    Done { rows: u32, whole: bool },
    /// The time limit ended the statement after `rows` rows.
    OutOfTime { rows: u32 },
    /// The table or these columns cannot be read: the login lacks the right, or a view is broken.
    Denied,
    /// The statement failed, possibly because of one of its columns.
    Failed(TargetError),
    /// The table or the connection is gone.
    Gone(TargetError),
}

/// A database whose tables can be sampled.
pub(super) trait Reader: Sync {
    /// Returns the class of a column's values, by its built-in type.
    fn class(&self, column: &Column) -> Class;

    /// Reads at most `rows` rows and adds their values to `columns`, which are empty before.
    fn read(
        &self,
        table: &TableDetail,
        columns: &mut [ColumnSample],
        rows: u32,
        time: Duration,
    ) -> impl Future<Output = Outcome> + Send;
}

/// Samples a table and returns its statistics.
pub(super) async fn statistics(
    reader: &impl Reader,
    table: &TableDetail,
    limits: SampleLimits,
) -> Result<TableStatistics, TargetError> {
    let deadline = Instant::now() + limits.time;
    let rows = limits.rows.max(1);
    let mut found = TableStatistics { complete: true, ..TableStatistics::default() };
    let mut any_read = false;
    // The unreadable columns by reason.
    let mut unread: Vec<(String, Vec<&str>)> = Vec::new();
    // A stack with the leftmost columns on top.
    let mut pending: Vec<&[Column]> = table.columns.chunks(COLUMNS_AT_ONCE).rev().collect();
    while let Some(columns) = pending.pop() {
        let time = deadline.saturating_duration_since(Instant::now());
        if time.is_zero() {
            found.complete = false;
            break;
        }
        let mut samples: Vec<ColumnSample> =
            columns.iter().map(|column| ColumnSample::new(&column.name, reader.class(column))).collect();
        match reader.read(table, &mut samples, rows, time).await {
            Outcome::Done { rows, whole } => {
                any_read = true;
                found.sampled_rows = found.sampled_rows.max(i64::from(rows));
                found.complete &= whole;
                if whole && usize::try_from(rows).is_ok_and(|rows| rows <= ROWS) && columns.len() == table.columns.len()
                {
                    found.rows = rows_of(&samples);
                }
                found.columns.extend(finished(samples));
            }
            Outcome::OutOfTime { rows } => {
                found.complete = false;
                if rows > 0 {
                    any_read = true;
                    found.sampled_rows = found.sampled_rows.max(i64::from(rows));
                    found.columns.extend(finished(samples));
                }
                break;
            }
            Outcome::Denied => {
                found.columns.extend(columns.iter().map(unreadable));
                // Views are read only if the profile says so.
                if table.table.kind == AssetKind::Table {
                    let why =
                        "the database user may not read them, or Gloss reads them only if the profile samples views";
                    unread.push((why.to_owned(), columns.iter().map(|column| column.name.as_str()).collect()));
                }
            }
            Outcome::Gone(error) => return Err(error),
            Outcome::Failed(error) => {
                if let [column] = columns {
                    found.columns.push(unreadable(column));
                    let why = error.to_string();
                    match unread.iter_mut().find(|(known, _)| *known == why) {
                        Some((_, columns)) => columns.push(&column.name),
                        None => unread.push((why, vec![&column.name])),
                    }
                } else {
                    let (left, right) = columns.split_at(columns.len() / 2);
                    pending.extend([right, left]);
                }
            }
        }
    }
    // If nothing could be read, not even an empty table may be claimed.
    let found = if any_read { found } else { TableStatistics::default() };
    let problems = unread.iter().map(|(why, columns)| problem(table, columns, why)).collect();
    Ok(TableStatistics { problems, ..found })
}

/// The rows of columns that were read together.
fn rows_of(samples: &[ColumnSample]) -> Vec<Vec<Option<String>>> {
    let columns: Vec<Vec<Option<String>>> = samples.iter().map(ColumnSample::row_values).collect();
    let count = columns.iter().map(Vec::len).max().unwrap_or_default();
    (0..count).map(|row| columns.iter().map(|values| values.get(row).cloned().flatten()).collect()).collect()
}

/// Summarizes columns that were read together.
fn finished(samples: Vec<ColumnSample>) -> Vec<ColumnStatistics> {
    let pairs = pairs::compared(&samples);
    let finish = |(sample, pairs): (ColumnSample, pairs::Pairs)| ColumnStatistics {
        copy_of: pairs.copy_of,
        not_before: pairs.not_before,
        ..sample.finish()
    };
    samples.into_iter().zip(pairs).map(finish).collect()
}

/// Returns the sentence for columns that cannot be read.
fn problem(table: &TableDetail, columns: &[&str], why: &str) -> String {
    let name = shown(&table.table.name);
    if columns.len() == table.columns.len() {
        return format!("The rows of {name} cannot be read: {why}.");
    }
    let columns: Vec<String> = columns.iter().map(|column| shown(column)).collect();
    format!("The values of {} in {name} cannot be read: {why}.", columns.join(", "))
}

fn unreadable(column: &Column) -> ColumnStatistics {
    ColumnStatistics { name: column.name.clone(), ..ColumnStatistics::default() }
}
