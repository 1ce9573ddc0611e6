//! Cells from PostgreSQL: each column comes as one array, so that the driver's work grows with the number of columns,
//! not of rows.
//!
//! The rule: a connection belongs to one reading at a time and is dropped if that fails. The driver's pool would ask
//! the server before and after each use whether the connection is alive, which costs more than a page.

use std::sync::{Mutex, PoisonError};

use sea_orm::{
    Value,
    sea_query::ColumnType,
    sqlx::{
        Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Decode, Error, Postgres, Row as _, Type,
        postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow},
        query_with,
    },
};
use tokio::time::timeout;

use crate::{domain::run::Cell, store::address::ANSWER_TIMEOUT};

/// The connections to a PostgreSQL store; each is made when it is first needed.
#[derive(Debug)]
pub struct Reader {
    options: PgConnectOptions,
    idle: Mutex<Vec<PgConnection>>,
}

impl Reader {
    /// Creates a reader without connections.
    pub fn new(options: &PgConnectOptions) -> Self {
        Self { options: options.clone(), idle: Mutex::default() }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        let connections = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in connections {
            // The server notices in either case.
            let _closed = connection.close().await;
        }
    }

    /// Returns the rows of a statement that gives arrays of columns of these types; `None` if it fails.
    pub async fn read(&self, sql: String, values: Vec<Value>, types: &[ColumnType]) -> Option<Vec<Vec<Cell>>> {
        let arguments = arguments(values)?;
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reading = async {
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let row = query_with(AssertSqlSafe(sql), arguments).fetch_one(&mut connection).await?;
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            rows_of(&row, types)
        };
        let read = timeout(ANSWER_TIMEOUT, reading).await.ok()?;
        read.inspect_err(|error| tracing::debug!(%error, "a statement is sent again through the driver")).ok()
    }
}

/// Binds the values; `None` if one is of a type that no list binds.
fn arguments(values: Vec<Value>) -> Option<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Bool(flag) => arguments.add(flag),
            Value::Int(number) => arguments.add(number),
            Value::BigInt(number) => arguments.add(number),
            Value::BigUnsigned(number) => arguments.add(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX))),
            Value::Double(number) => arguments.add(number),
            // PostgreSQL cannot hold the character NUL, as in `connection.rs`.
            Value::String(text) => arguments.add(text.map(|text| text.replace('\0', "\u{FFFD}"))),
            _ => return None,
        };
        added.ok()?;
    }
    Some(arguments)
}

/// Turns arrays of columns into rows.
fn rows_of(arrays: &PgRow, types: &[ColumnType]) -> Result<Vec<Vec<Cell>>, Error> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (at, of) in types.iter().enumerate() {
        let cells = match of {
            ColumnType::Integer => values::<i32>(arrays, at, |it| Cell::Int(it.into())),
            ColumnType::BigInteger => values(arrays, at, Cell::Int),
            ColumnType::Double => values(arrays, at, Cell::Real),
            ColumnType::Boolean => values::<bool>(arrays, at, |it| Cell::Int(it.into())),
            _ => values(arrays, at, Cell::Text),
        }?;
        if at == 0 {
            rows.resize_with(cells.len(), || Vec::with_capacity(types.len()));
        }
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }
    Ok(rows)
}

/// Returns the values of an array; none for null, which aggregates nothing.
fn values<T>(row: &PgRow, at: usize, cell: impl Fn(T) -> Cell) -> Result<Vec<Cell>, Error>
where
    Vec<Option<T>>: for<'r> Decode<'r, Postgres> + Type<Postgres>,
{
    let values: Option<Vec<Option<T>>> = row.try_get(at)?;
    Ok(values.unwrap_or_default().into_iter().map(|value| value.map_or(Cell::Null, &cell)).collect())
}
