//! Statistics, the part that all databases share: which columns to read together, and what the values that were
//! read look like.
//!
//! The rule: a database is asked for at most [`SampleLimits::rows`] rows and one more, as texts of bounded
//! length, in one statement for each [`COLUMNS_AT_ONCE`] columns; counting is done here, so that the described
//! database neither sorts nor aggregates. A statement that fails is tried again with half of its columns, until
//! the columns that cannot be read are alone.

mod column;

use std::time::Duration;

use tokio::time::Instant;

pub(super) use column::{Cell, Class, ColumnSample};

use crate::{
    domain::catalog::{ColumnStatistics, TableDetail, TableStatistics},
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
    /// The login may not read this table.
    Denied,
    /// The statement failed; a column of it may be to blame.
    Failed(TargetError),
    /// The table or the connection is gone.
    Gone(TargetError),
}

/// A database that can read a table's rows.
pub(super) trait Reader: Sync {
    /// What the values of a column of this type are like.
    fn class(&self, data_type: &str) -> Class;

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
    // A stack, the leftmost columns on top.
    let mut pending: Vec<&[crate::domain::catalog::Column]> = table.columns.chunks(COLUMNS_AT_ONCE).rev().collect();
    while let Some(columns) = pending.pop() {
        let time = deadline.saturating_duration_since(Instant::now());
        if time.is_zero() {
            found.complete = false;
            break;
        }
        let mut samples: Vec<ColumnSample> =
            columns.iter().map(|column| ColumnSample::new(&column.name, reader.class(&column.data_type))).collect();
        match reader.read(table, &mut samples, rows, time).await {
            Outcome::Done { rows, whole } => {
                found.sampled_rows = found.sampled_rows.max(i64::from(rows));
                found.complete &= whole;
                found.columns.extend(samples.into_iter().map(ColumnSample::finish));
            }
            Outcome::OutOfTime { rows } => {
                found.complete = false;
                if rows > 0 {
                    found.sampled_rows = found.sampled_rows.max(i64::from(rows));
                    found.columns.extend(samples.into_iter().map(ColumnSample::finish));
                }
                break;
            }
            Outcome::Denied => return Ok(TableStatistics::default()),
            Outcome::Gone(error) => return Err(error),
            Outcome::Failed(error) => {
                if let [column] = columns {
                    tracing::debug!(%error, "a column cannot be read");
                    found.columns.push(ColumnStatistics { name: column.name.clone(), ..ColumnStatistics::default() });
                } else {
                    let (left, right) = columns.split_at(columns.len() / 2);
                    pending.extend([right, left]);
                }
            }
        }
    }
    if found.columns.iter().all(|column| column.null_share.is_none() && column.distinct.is_none())
        && found.sampled_rows == 0
    {
        // Nothing was read, which is the whole only of a table that is empty.
        found.complete &= !found.columns.is_empty();
    }
    Ok(found)
}
