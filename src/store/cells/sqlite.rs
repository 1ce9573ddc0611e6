//! Cells from SQLite, through rusqlite on blocking threads: a third of the driver's work for the same rows. The library
//! is the one that the driver links.
//!
//! The rule: the connections only read, and live as long as the store, so they never follow a file that has taken the
//! store's place.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, Row, config::DbConfig, types::ValueRef};
use sea_orm::Value;

use crate::{
    domain::run::{Cell, CellRow, CellTable},
    store::address::{BUSY_TIMEOUT, READERS},
};

/// Prepared statements cached per connection.
const STATEMENTS: usize = 128;

/// The connections to a SQLite store.
#[derive(Debug)]
pub struct Reader {
    idle: Mutex<Vec<Connection>>,
}

impl Reader {
    /// Opens the connections to the store in this file.
    ///
    /// # Errors
    /// Returns SQLite's error if the file cannot be opened.
    pub fn open(file: &Path) -> rusqlite::Result<Self> {
        let connections = (0..READERS).map(|_| connect(file)).collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Self { idle: Mutex::new(connections) })
    }

    /// Closes the connections.
    pub fn close(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the rows of a statement; `None` if it fails.
    pub async fn read(self: &Arc<Self>, sql: String, values: Vec<Value>, width: usize) -> Option<Vec<CellRow>> {
        let table = self.fold(sql, values, CellTable::new(width), move |table, row| {
            (0..width).try_for_each(|at| {
                table.push(cell(row.get_ref(at)?)?);
                Ok(())
            })
        });
        table.await.map(CellTable::into_rows)
    }

    /// Passes each row of a statement to `add`, with what the rows before it came to. Returns the result; `None` if the
    /// statement fails.
    pub async fn fold<T: Send + 'static>(
        self: &Arc<Self>,
        sql: String,
        values: Vec<Value>,
        start: T,
        add: impl Fn(&mut T, &Row<'_>) -> rusqlite::Result<()> + Send + 'static,
    ) -> Option<T> {
        let reader = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let connection = reader.idle().pop()?;
            let read = fold(&connection, &sql, &values, start, add);
            reader.idle().push(connection);
            read.inspect_err(|error| tracing::debug!(%error, "a statement is sent again through the driver")).ok()
        });
        reading.await.ok()?
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise SQLite plans a statement again for each of its values.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -4_000)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

fn fold<T>(
    connection: &Connection,
    sql: &str,
    values: &[Value],
    mut all: T,
    add: impl Fn(&mut T, &Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<T> {
    let mut statement = connection.prepare_cached(sql)?;
    for (at, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, parameter(value)?)?;
    }
    let mut found = statement.raw_query();
    while let Some(row) = found.next()? {
        add(&mut all, row)?;
    }
    Ok(all)
}

fn cell(value: ValueRef<'_>) -> rusqlite::Result<Cell<'_>> {
    Ok(match value {
        ValueRef::Null | ValueRef::Blob(_) => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text)?),
    })
}

fn parameter(value: &Value) -> rusqlite::Result<rusqlite::types::Value> {
    use rusqlite::types::Value as Sqlite;
    Ok(match value {
        Value::Bool(Some(flag)) => Sqlite::Integer(i64::from(*flag)),
        Value::Int(Some(number)) => Sqlite::Integer(i64::from(*number)),
        Value::BigInt(Some(number)) => Sqlite::Integer(*number),
        Value::BigUnsigned(Some(number)) => Sqlite::Integer(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::Double(Some(number)) => Sqlite::Real(*number),
        Value::String(Some(text)) => Sqlite::Text(text.clone()),
        Value::Bool(None) | Value::Int(None) | Value::BigInt(None) | Value::Double(None) | Value::String(None) => {
            Sqlite::Null
        }
        other => return Err(rusqlite::Error::ToSqlConversionFailure(format!("no list binds {other:?}").into())),
    })
}
