//! Reads rows of a MySQL or MariaDB table as texts.
//!
//! The rule: no code of an owner runs. A view may call functions with the rights of its reader, and not every server
//! lets Gloss look up what a view uses, so views are read only if the profile enables it. Generated columns, defaults
//! and checks cannot call stored functions on either server.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, MySqlConnection, Row, mysql::MySqlDatabaseError};

use super::{
    super::{
        connections::{CATALOG_TIME, bounded},
        quote::backtick,
        sample::{CHARACTERS_READ, Cell, Class, ColumnSample, Outcome, Reader},
    },
    Flavour, GRACE, MySqlTarget,
};
use crate::domain::{
    asset::AssetKind,
    catalog::{Column, TableDetail},
};

/// Samples the tables of one server.
pub(super) struct MySqlReader<'a> {
    pub(super) target: &'a MySqlTarget,
    pub(super) sample_views: bool,
}

impl Reader for MySqlReader<'_> {
    fn class(&self, column: &Column) -> Class {
        let declared = column.data_type.to_ascii_lowercase();
        let base = declared.split(['(', ' ']).next().unwrap_or_default();
        match base {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "decimal" | "numeric" | "float"
            | "double" | "real" | "year" => Class::Number,
            "date" | "datetime" | "timestamp" | "time" => Class::Moment,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Class::Text,
            "enum" | "set" | "json" | "uuid" | "inet4" | "inet6" => Class::Unordered,
            // BLOB, BINARY, BIT, geometry and unknown types.
            _ => Class::Binary,
        }
    }

    async fn read(&self, table: &TableDetail, columns: &mut [ColumnSample], rows: u32, time: Duration) -> Outcome {
        let server = &self.target.server;
        let mut transaction = match self.target.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return Outcome::Gone(error),
        };
        let flavour = match server.flavour(&mut transaction).await {
            Ok(flavour) => flavour,
            Err(error) => return Outcome::Gone(error),
        };
        let place = server.place();
        let is_view = table.table.kind == AssetKind::View;
        if !self.sample_views {
            let here = bounded(place, CATALOG_TIME, is_here(&mut transaction, table)).await;
            match here {
                Ok(here) if here && !is_view => {}
                Ok(_) => return Outcome::Denied,
                Err(error) => return Outcome::Gone(error),
            }
        }
        let mut seen = 0;
        let statement = statement(flavour, table, columns, rows, time, self.sample_views);
        let work = rows_of(&mut transaction, statement, columns, rows, &mut seen);
        let outcome = tokio::time::timeout(time + GRACE, work).await;
        let seen_rows = seen.min(rows);
        match outcome {
            Ok(Ok(())) => Outcome::Done { rows: seen_rows, whole: seen <= rows },
            Err(_) => Outcome::OutOfTime { rows: seen_rows },
            Ok(Err(error)) => match number_of(&error) {
                Some(3024 | 1969 | 1205 | 1317) => Outcome::OutOfTime { rows: seen_rows },
                // The login may not read the table or run the view, or the view is broken.
                Some(1142 | 1044 | 1227 | 1356 | 1370) => Outcome::Denied,
                // The table has been replaced by a view.
                Some(1176) if !self.sample_views => Outcome::Denied,
                Some(1146 | 1049) | None => Outcome::Gone(place.explain(&error)),
                Some(_) => Outcome::Failed(place.explain(&error)),
            },
        }
    }
}

/// The storage engines that keep a table's rows on the server itself.
const ENGINES: &[&str] = &[
    "InnoDB",
    "MyISAM",
    "Aria",
    "MEMORY",
    "ARCHIVE",
    "CSV",
    "MRG_MyISAM",
    "BLACKHOLE",
    "ROCKSDB",
    "TokuDB",
    "Columnstore",
    "ndbcluster",
];

/// Returns whether the table's rows are on the server itself. Also true if the table does not exist.
async fn is_here(connection: &mut MySqlConnection, table: &TableDetail) -> Result<bool, sqlx::Error> {
    let statement = "SELECT CAST(TABLE_NAME AS CHAR), CAST(ENGINE AS CHAR) FROM information_schema.TABLES \
                     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?";
    let found: Vec<(String, Option<String>)> =
        sqlx::query_as(statement).bind(&table.schema).bind(&table.table.name).fetch_all(connection).await?;
    let engine = found.into_iter().find(|(name, _)| *name == table.table.name).map(|(_, engine)| engine);
    Ok(engine.is_none_or(|engine| {
        engine.is_some_and(|engine| ENGINES.iter().any(|known| known.eq_ignore_ascii_case(&engine)))
    }))
}

fn number_of(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// Builds the statement with the server's own time limit.
fn statement(
    flavour: Flavour,
    table: &TableDetail,
    columns: &[ColumnSample],
    rows: u32,
    time: Duration,
    sample_views: bool,
) -> String {
    // Views accept no index hints, so the statement fails before any part of a view runs.
    let no_view = if sample_views { "" } else { " USE INDEX ()" };
    let selected: Vec<String> = columns.iter().map(expression).collect();
    let (before, hint) = match flavour {
        Flavour::MariaDb => {
            (format!("SET STATEMENT max_statement_time = {:.3} FOR ", time.as_secs_f64().max(0.001)), String::new())
        }
        Flavour::MySql => {
            (String::new(), format!("/*+ MAX_EXECUTION_TIME({}) */ ", time.as_millis().clamp(1, 86_400_000)))
        }
    };
    format!(
        "{before}SELECT {hint}{} FROM {}.{} AS t{no_view} LIMIT {}",
        selected.join(", "),
        backtick(&table.schema),
        backtick(&table.table.name),
        u64::from(rows) + 1
    )
}

/// Reads rows into the columns. Counts one row more than requested without keeping it.
async fn rows_of(
    connection: &mut MySqlConnection,
    statement: String,
    columns: &mut [ColumnSample],
    rows: u32,
    seen: &mut u32,
) -> Result<(), sqlx::Error> {
    // Sent as plain text: neither server can prepare every part of the statement.
    let mut stream = sqlx::raw_sql(AssertSqlSafe(statement)).fetch(connection);
    while let Some(row) = stream.try_next().await? {
        *seen += 1;
        if *seen > rows {
            continue;
        }
        for (at, column) in columns.iter_mut().enumerate() {
            let value: Option<Vec<u8>> = row.try_get_unchecked(at)?;
            column.push(value.map_or(Cell::Null, |bytes| Cell::Text(String::from_utf8_lossy(&bytes).into_owned())));
        }
    }
    Ok(())
}

/// Returns the SQL expression for a column's value as a text of bounded length.
fn expression(column: &ColumnSample) -> String {
    let name = backtick(&column.name);
    match column.class {
        Class::Binary => format!("CASE WHEN t.{name} IS NOT NULL THEN '' END"),
        _ => format!("LEFT(CAST(t.{name} AS CHAR CHARACTER SET utf8mb4), {CHARACTERS_READ})"),
    }
}
