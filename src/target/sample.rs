//! Statistics, the part that all databases share: which columns to read together, and what the values that were
//! read look like.
//!
//! The rule: a database is asked for at most [`SampleLimits::rows`] rows and one more, as texts of bounded
//! length, in one statement for each [`COLUMNS_AT_ONCE`] columns; counting is done here, so that the described
//! database neither sorts nor aggregates. A statement that fails is tried again with half of its columns, until
//! the columns that cannot be read are alone.

mod column;
mod order;

use std::time::Duration;

use tokio::time::Instant;

pub(super) use column::{Cell, Class, ColumnSample};

use super::text::shown;
use crate::{
    domain::{
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, TableDetail, TableStatistics},
    },
    port::target::{SampleLimits, TargetError},
};

/// Columns read in one statement: bounds memory and stays below every database's limit.
const COLUMNS_AT_ONCE: usize = 64;
/// Characters read of a value. Values that differ only beyond count as one.
pub(super) const CHARACTERS_READ: usize = 256;

/// What came of reading some columns.
pub(super) enum Outcome {
    /// All was read.
    Done { rows: u32, whole: bool },
    /// Time ran out after so many rows.
    OutOfTime { rows: u32 },
    /// Nothing of the table can be read, or none of these columns: the login may not, or a view does not work.
    Denied,
    /// The statement failed; a column of it may be to blame.
    Failed(TargetError),
    /// The table or the connection is gone.
    Gone(TargetError),
}

/// A database that can read a table's rows.
pub(super) trait Reader: Sync {
    /// What the values of a column are like, by its built-in type.
    fn class(&self, column: &Column) -> Class;

    /// Reads at most `rows` rows and adds their values to the columns, which are empty before.
    fn read(
        &self,
        table: &TableDetail,
        columns: &mut [ColumnSample],
        rows: u32,
        time: Duration,
    ) -> impl Future<Output = Outcome> + Send;
}

/// The statistics of a table.
pub(super) async fn statistics(
    reader: &impl Reader,
    table: &TableDetail,
    limits: SampleLimits,
) -> Result<TableStatistics, TargetError> {
    let deadline = Instant::now() + limits.time;
    let rows = limits.rows.max(1);
    let mut found = TableStatistics { complete: true, ..TableStatistics::default() };
    let mut any_read = false;
    // By why, the columns that cannot be read.
    let mut unread: Vec<(String, Vec<&str>)> = Vec::new();
    // A stack, the leftmost columns on top.
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
                found.columns.extend(samples.into_iter().map(ColumnSample::finish));
            }
            Outcome::OutOfTime { rows } => {
                found.complete = false;
                if rows > 0 {
                    any_read = true;
                    found.sampled_rows = found.sampled_rows.max(i64::from(rows));
                    found.columns.extend(samples.into_iter().map(ColumnSample::finish));
                }
                break;
            }
            Outcome::Denied => {
                found.columns.extend(columns.iter().map(unreadable));
                // A view is read only where the profile says so.
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
    // Nothing is known then, not even that the table is empty.
    let found = if any_read { found } else { TableStatistics::default() };
    let problems = unread.iter().map(|(why, columns)| problem(table, columns, why)).collect();
    Ok(TableStatistics { problems, ..found })
}

/// The sentence for columns that cannot be read.
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
