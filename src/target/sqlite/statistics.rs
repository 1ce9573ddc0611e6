//! Reads rows of a SQLite table as texts.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row, SqliteConnection, TypeInfo, ValueRef, sqlite::SqliteRow};

use super::{
    super::{
        quote::ansi,
        sample::{CHARACTERS_READ, Cell, Class, ColumnSample, Outcome, Reader},
    },
    File, GRACE, code_of, is_of_object, lacks,
};
use crate::{
    domain::{
        asset::AssetKind,
        catalog::{Column, TableDetail},
        identity::Identity,
    },
    port::target::TargetError,
};

/// Samples the tables of one file.
pub(super) struct SqliteReader<'a> {
    pub(super) file: &'a File,
    pub(super) bound: Option<&'a Identity>,
    pub(super) sample_views: bool,
}

impl Reader for SqliteReader<'_> {
    /// Follows the rules of type affinity. A value that differs from its column's declared type is read as stored.
    fn class(&self, column: &Column) -> Class {
        let declared = column.data_type.to_ascii_uppercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if declared.contains("JSON") || declared.contains("UUID") || declared.starts_with("BOOL") {
            Class::Unordered
        } else if has(&["CHAR", "CLOB", "TEXT", "STRING"]) {
            Class::Text
        } else if has(&["DATE", "TIME"]) {
            Class::Moment
        } else if declared.contains("BLOB") {
            Class::Binary
        } else {
            Class::Number
        }
    }

    async fn read(&self, table: &TableDetail, columns: &mut [ColumnSample], rows: u32, time: Duration) -> Outcome {
        if table.table.kind == AssetKind::View && !self.sample_views {
            return Outcome::Denied;
        }
        let place = self.file.place();
        let mut connection = match self.file.acquire(time, self.bound).await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Gone(error),
        };
        let mut seen = 0;
        let work = rows_of(&mut connection, table, columns, rows, &mut seen);
        let outcome = tokio::time::timeout(time + GRACE, work).await;
        let seen_rows = seen.min(rows);
        match outcome {
            Ok(Ok(())) => Outcome::Done { rows: seen_rows, whole: seen <= rows },
            Err(_) => Outcome::OutOfTime { rows: seen_rows },
            Ok(Err(error)) => match code_of(&error).map(|code| code & 0xff) {
                Some(9) => Outcome::OutOfTime { rows: seen_rows },
                // A generic error: a function, a type, or the table itself, which gets its own error.
                Some(1) if !exists(&mut connection, &table.table.name).await => Outcome::Gone(TargetError::Refused(
                    format!("{} no longer exists; reload the catalog", table.path().display()),
                )),
                _ if is_of_object(&error) => Outcome::Failed(TargetError::Refused(lacks(&error))),
                _ => Outcome::Gone(place.explain(&error)),
            },
        }
    }
}

async fn exists(connection: &mut SqliteConnection, table: &str) -> bool {
    let found = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = ?").bind(table).fetch_optional(connection).await;
    // If the lookup fails too, the first error is the one to report.
    found.map_or(true, |row| row.is_some())
}

/// Reads rows into the columns. Counts one row more than requested without keeping it.
async fn rows_of(
    connection: &mut SqliteConnection,
    table: &TableDetail,
    columns: &mut [ColumnSample],
    rows: u32,
    seen: &mut u32,
) -> Result<(), sqlx::Error> {
    let selected: Vec<String> = columns.iter().map(expression).collect();
    let statement = format!(
        "SELECT {} FROM main.{} AS t LIMIT {}",
        selected.join(", "),
        ansi(&table.table.name),
        u64::from(rows) + 1
    );
    let mut stream = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch(connection);
    while let Some(row) = stream.try_next().await? {
        *seen += 1;
        if *seen > rows {
            continue;
        }
        for (at, column) in columns.iter_mut().enumerate() {
            column.push(cell(&row, at)?);
        }
    }
    Ok(())
}

/// Returns the SQL expression for a column's value as a text of bounded length. An empty blob stands for any blob.
fn expression(column: &ColumnSample) -> String {
    let name = ansi(&column.name);
    match column.class {
        // A BLOB column may also hold texts, but its declaration says that they are not meant for display.
        Class::Binary => format!("CASE WHEN t.{name} IS NOT NULL THEN x'' END"),
        _ => format!("CASE typeof(t.{name}) WHEN 'blob' THEN x'' ELSE substr(t.{name}, 1, {CHARACTERS_READ}) END"),
    }
}

fn cell(row: &SqliteRow, at: usize) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    if value.type_info().name() == "BLOB" {
        return Ok(Cell::Hidden);
    }
    // SQLite does not check that a text is UTF-8.
    let bytes: &[u8] = row.try_get_unchecked(at)?;
    Ok(Cell::Text(String::from_utf8_lossy(bytes).into_owned()))
}
