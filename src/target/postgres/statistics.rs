//! Reads rows of a PostgreSQL table as texts.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row, ValueRef, error::DatabaseError};

use super::{
    super::{
        error_text::Place,
        quote::ansi,
        sample::{CHARACTERS_READ, Cell, Class, ColumnSample, Outcome, Reader},
    },
    GRACE, Reach, begin,
    fence::{self, Access, Reading},
};
use crate::{
    domain::catalog::{Column, TableDetail},
    port::target::TargetError,
};

/// Samples the tables of one database.
pub(super) struct PostgresReader {
    pub(super) connections: Reach,
    pub(super) sample_views: bool,
}

/// The result of one statement.
enum Read {
    All,
    OutOfTime,
    Error(sqlx::Error),
}

impl Reader for PostgresReader {
    fn class(&self, column: &Column) -> Class {
        let data_type = column.built_in_type();
        let base = data_type.split('(').next().unwrap_or_default().trim();
        match base {
            _ if data_type.ends_with("[]") => Class::Unordered,
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "oid" => Class::Number,
            "text" | "character varying" | "character" | "citext" | "name" => Class::Text,
            "date" | "timestamp" | "time" | "interval" => Class::Moment,
            "bytea" => Class::Binary,
            _ if base.starts_with("timestamp ") || base.starts_with("time ") || base.starts_with("interval ") => {
                Class::Moment
            }
            _ if base.ends_with(".citext") => Class::Text,
            _ => Class::Unordered,
        }
    }

    async fn read(&self, table: &TableDetail, columns: &mut [ColumnSample], rows: u32, time: Duration) -> Outcome {
        let mut transaction = match begin(&self.connections, time).await {
            Ok(transaction) => transaction,
            Err(error) => return Outcome::Gone(error),
        };
        let place = &self.connections.place;
        let mut seen = 0;
        let work = async {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let gone = || {
                Outcome::Gone(TargetError::Refused(format!(
                    "{} no longer exists; reload the catalog",
                    table.path().display()
                )))
            };
            let access = match fence::admit(&mut transaction, table, &names, self.sample_views).await {
                Ok(Some(access)) => access,
                Ok(None) => return gone(),
                Err(error) if is(&error, &["42P01", "3F000"]) => return gone(),
                Err(error) if is(&error, &STOPPED) => return Outcome::OutOfTime { rows: 0 },
                Err(error) => return failed(place, &error),
            };
            if access.columns.iter().all(|column| *column == Reading::None) {
                return Outcome::Denied;
            }
            let large = access.pages_of.filter(|all| *all > f64_of(rows) * 4.0);
            if let Some(all) = large {
                // A fifth more than needed, since pages are not equally full.
                let percent = (f64_of(rows) * 120.0 / all).clamp(0.000_1, 100.0);
                let from = format!(" TABLESAMPLE SYSTEM ({percent}) REPEATABLE (0)");
                match rows_of(&mut transaction, table, &access, columns, &from, rows, &mut seen).await {
                    Read::All if seen >= rows / 2 => return Outcome::Done { rows: seen.min(rows), whole: false },
                    Read::All => {
                        columns.iter_mut().for_each(ColumnSample::clear);
                        seen = 0;
                    }
                    Read::OutOfTime => return Outcome::OutOfTime { rows: seen },
                    Read::Error(error) => return failed(place, &error),
                }
            }
            match rows_of(&mut transaction, table, &access, columns, "", rows, &mut seen).await {
                Read::All => Outcome::Done { rows: seen.min(rows), whole: seen <= rows },
                Read::OutOfTime => Outcome::OutOfTime { rows: seen.min(rows) },
                Read::Error(error) => failed(place, &error),
            }
        };
        let outcome = tokio::time::timeout(time + GRACE, work).await;
        outcome.unwrap_or(Outcome::OutOfTime { rows: seen.min(rows) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn f64_of(rows: u32) -> f32 {
    rows as f32
}

/// Maps a statement's error to the outcome for its columns.
fn failed(place: &Place, error: &sqlx::Error) -> Outcome {
    let Some(code) = error.as_database_error().and_then(DatabaseError::code) else {
        return Outcome::Gone(place.explain(error));
    };
    match code.as_ref() {
        "42P01" | "3F000" => Outcome::Gone(place.explain(error)),
        // The login lacks the right, a materialized view has no data, or a foreign server is unreachable.
        "42501" | "55000" => Outcome::Denied,
        code if code.starts_with("HV") || code.starts_with("08") => Outcome::Denied,
        _ => Outcome::Failed(place.explain(error)),
    }
}

/// Error codes of a statement timeout and a lock timeout.
const STOPPED: [&str; 2] = ["57014", "55P03"];

fn is(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}

/// Reads rows into the readable columns. Counts one row more than requested without keeping it.
async fn rows_of(
    connection: &mut PgConnection,
    table: &TableDetail,
    access: &Access,
    columns: &mut [ColumnSample],
    sampling: &str,
    rows: u32,
    seen: &mut u32,
) -> Read {
    let readings = || access.columns.iter().copied();
    let readable = columns.iter().zip(readings()).filter(|(_, reading)| *reading != Reading::None);
    let selected: Vec<String> = readable.map(|(column, reading)| expression(column, reading)).collect();
    let statement = format!(
        "SELECT {} FROM {}{}.{} AS t{sampling} LIMIT {}",
        selected.join(", "),
        // `ONLY` keeps out children that the table gains after it was checked.
        if access.has_children { "" } else { "ONLY " },
        ansi(&table.schema),
        ansi(&table.table.name),
        u64::from(rows) + 1
    );
    let mut stream = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch(connection);
    loop {
        let row = match stream.try_next().await {
            Ok(Some(row)) => row,
            Ok(None) => return Read::All,
            Err(error) if is(&error, &STOPPED) => return Read::OutOfTime,
            Err(error) => return Read::Error(error),
        };
        *seen += 1;
        if *seen > rows {
            continue;
        }
        let readable = columns.iter_mut().zip(readings()).filter(|(_, reading)| *reading != Reading::None);
        for (at, (column, _)) in readable.enumerate() {
            let cell = match row.try_get_raw(at).map(|value| (value.is_null(), value.as_bytes())) {
                Ok((true, _)) => Cell::Null,
                Ok((false, Ok(bytes))) => valid(bytes).map_or(Cell::Hidden, |text| Cell::Text(text.to_owned())),
                Ok((false, Err(_))) | Err(_) => Cell::Hidden,
            };
            column.push(cell);
        }
    }
}

/// Returns a value that is valid UTF-8. In a database with the encoding `SQL_ASCII`, the server cuts values by bytes;
/// a trailing incomplete character is dropped.
fn valid(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// Returns the SQL expression for a column's value as a text of bounded length.
fn expression(column: &ColumnSample, reading: Reading) -> String {
    let name = ansi(&column.name);
    let text = match reading {
        _ if column.class == Class::Binary => return format!("CASE WHEN t.{name} IS NOT NULL THEN '' END"),
        // `format` uses no casts. `IS DISTINCT FROM NULL` keeps composite values whose fields are all null.
        Reading::Output => {
            format!("CASE WHEN t.{name} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', t.{name}) END")
        }
        Reading::Cast | Reading::None => format!("t.{name}::pg_catalog.text"),
    };
    format!("pg_catalog.left({text}, {CHARACTERS_READ})")
}
