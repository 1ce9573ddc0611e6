//! Rows of a PostgreSQL table, as texts.

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row, error::DatabaseError};

use super::{
    super::{
        connections::Connections,
        place::Place,
        quote::ansi,
        sample::{CHARACTERS_READ, Cell, Class, ColumnSample, Outcome, Reader},
    },
    GRACE, begin,
};
use crate::{domain::catalog::TableDetail, port::target::TargetError};

/// Reads in one database.
pub(super) struct PostgresReader {
    pub(super) connections: Arc<Connections<Postgres>>,
    pub(super) sample_views: bool,
}

/// What is known of a table before it is read.
struct Access {
    /// By column, whether the login may read it.
    readable: Vec<bool>,
    /// About how many rows, where pages can be sampled.
    pages_of: Option<f32>,
}

/// What came of one statement.
enum Read {
    All,
    OutOfTime,
    Error(sqlx::Error),
}

impl Reader for PostgresReader {
    fn class(&self, data_type: &str) -> Class {
        let base = data_type.split('(').next().unwrap_or_default().trim();
        match base {
            _ if data_type.ends_with("[]") => Class::Unordered,
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "oid" => Class::Number,
            "text" | "character varying" | "character" | "citext" | "name" | "date" | "timestamp" | "time" => {
                Class::Text
            }
            "bytea" => Class::Binary,
            _ if base.starts_with("timestamp ") || base.starts_with("time ") || base.ends_with(".citext") => {
                Class::Text
            }
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
            let access = match access(&mut transaction, table, columns).await {
                Ok(Some(access)) => access,
                Ok(None) => {
                    return Outcome::Gone(TargetError::Refused(format!(
                        "{} is not there any more; look at the catalog again",
                        table.path().display()
                    )));
                }
                Err(error) => return Outcome::Gone(place.explain(&error)),
            };
            if !access.readable.contains(&true) {
                return Outcome::Denied;
            }
            let large = access.pages_of.filter(|all| *all > f64_of(rows) * 4.0);
            if let Some(all) = large {
                // A fifth more than is wanted, since pages are not equally full.
                let percent = (f64_of(rows) * 120.0 / all).clamp(0.000_1, 100.0);
                let from = format!(" TABLESAMPLE SYSTEM ({percent}) REPEATABLE (0)");
                match rows_of(&mut transaction, table, &access.readable, columns, &from, rows, &mut seen).await {
                    Read::All if seen >= rows / 2 => return Outcome::Done { rows: seen.min(rows), whole: false },
                    Read::All => {
                        columns.iter_mut().for_each(ColumnSample::clear);
                        seen = 0;
                    }
                    Read::OutOfTime => return Outcome::OutOfTime { rows: seen },
                    Read::Error(error) => return failed(place, &error),
                }
            }
            match rows_of(&mut transaction, table, &access.readable, columns, "", rows, &mut seen).await {
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

/// What a statement's error means for the columns in it.
fn failed(place: &Place, error: &sqlx::Error) -> Outcome {
    let Some(code) = error.as_database_error().and_then(DatabaseError::code) else {
        return Outcome::Gone(place.explain(error));
    };
    match code.as_ref() {
        "42P01" | "3F000" => Outcome::Gone(place.explain(error)),
        // No right, a materialized view without data, a foreign table whose server is away.
        "42501" | "55000" => Outcome::Denied,
        code if code.starts_with("HV") || code.starts_with("08") => Outcome::Denied,
        _ => Outcome::Failed(place.explain(error)),
    }
}

fn is(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}

/// Which columns the login may read, and how large the table is; `None` where it is not there.
async fn access(
    connection: &mut PgConnection,
    table: &TableDetail,
    columns: &[ColumnSample],
) -> Result<Option<Access>, sqlx::Error> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let row = sqlx::query(
        "SELECT CASE WHEN c.relkind IN ('r', 'm') AND c.reltuples > 0 THEN c.reltuples END AS pages_of, \
           ARRAY(SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND a.attnum IS NOT NULL \
               AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') \
             FROM unnest($3::text[]) WITH ORDINALITY AS asked (name, place) \
             LEFT JOIN pg_catalog.pg_attribute a \
               ON a.attrelid = c.oid AND a.attname::text = asked.name AND a.attnum > 0 AND NOT a.attisdropped \
             ORDER BY asked.place) AS readable \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
    )
    .bind(&table.schema)
    .bind(&table.table.name)
    .bind(names)
    .fetch_optional(connection)
    .await?;
    let access = row.map(|row| {
        let readable: Vec<Option<bool>> = row.try_get("readable")?;
        Ok(Access {
            readable: readable.into_iter().map(|may| may == Some(true)).collect(),
            pages_of: row.try_get("pages_of")?,
        })
    });
    access.transpose()
}

/// Reads rows into the readable columns; one more than asked for is counted, not kept.
async fn rows_of(
    connection: &mut PgConnection,
    table: &TableDetail,
    readable: &[bool],
    columns: &mut [ColumnSample],
    sampling: &str,
    rows: u32,
    seen: &mut u32,
) -> Read {
    let selected: Vec<String> =
        columns.iter().zip(readable).filter(|(_, readable)| **readable).map(|(column, _)| expression(column)).collect();
    let statement = format!(
        "SELECT {} FROM {}.{} AS t{sampling} LIMIT {}",
        selected.join(", "),
        ansi(&table.schema),
        ansi(&table.table.name),
        u64::from(rows) + 1
    );
    let mut stream = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch(connection);
    loop {
        let row = match stream.try_next().await {
            Ok(Some(row)) => row,
            Ok(None) => return Read::All,
            Err(error) if is(&error, &["57014", "55P03"]) => return Read::OutOfTime,
            Err(error) => return Read::Error(error),
        };
        *seen += 1;
        if *seen > rows {
            continue;
        }
        let readable = columns.iter_mut().zip(readable).filter(|(_, readable)| **readable);
        for (at, (column, _)) in readable.enumerate() {
            match row.try_get::<Option<String>, _>(at) {
                Ok(None) => column.push(Cell::Null),
                Ok(Some(text)) => column.push(Cell::Text(text)),
                Err(_) => column.push(Cell::Hidden),
            }
        }
    }
}

/// The value of a column as a text of bounded length.
fn expression(column: &ColumnSample) -> String {
    let name = ansi(&column.name);
    match column.class {
        Class::Binary => format!("CASE WHEN t.{name} IS NOT NULL THEN '' END"),
        _ => format!("pg_catalog.left(t.{name}::pg_catalog.text, {CHARACTERS_READ})"),
    }
}
