//! Rows as cells: a few columns of many rows, for the lists that are read most. Each database has a reader of its own,
//! which spares what the driver does for each row and each use of a connection.
//!
//! The rule: if a statement fails there, it is sent again through the driver, which reports the failure.

mod postgres;
mod sqlite;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Instant,
};

use entity::run;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, WeakShared},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, QueryResult, Statement, Value,
    sea_query::{ColumnType, Expr, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder},
};
use tokio::sync::Semaphore;

use super::{
    SqlStore,
    address::{Address, READERS},
    dialect,
    trouble::DbResult as _,
};
use crate::{
    domain::{
        Result,
        run::{Cell, CellRow, CellTable},
    },
    telemetry::{metrics, traces},
};

type Rows = Vec<CellRow>;
/// Readings that wait for their turn, by statement and values.
type Waiting = HashMap<String, WeakShared<BoxFuture<'static, Option<Arc<Rows>>>>>;

/// The connections that cells are read through. Cheap to clone.
///
/// The rule: identical readings that wait for a connection are done once. Many pages ask for the same list at the same
/// time, because the same event told them to. A reading is shared only until it begins, so each caller sees what was
/// written before it asked.
#[derive(Debug, Clone)]
pub(super) struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections: Connections,
    turns: Semaphore,
    waiting: Mutex<Waiting>,
}

#[derive(Debug)]
enum Connections {
    Sqlite(Arc<sqlite::Reader>),
    Postgres(Box<postgres::Reader>),
}

impl Reader {
    /// Prepares the connections to a store; `None` if that fails.
    pub(super) fn open(address: &Address) -> Option<Self> {
        let connections = match address {
            Address::Postgres(options) => Connections::Postgres(Box::new(postgres::Reader::new(options))),
            Address::Sqlite(_) => Connections::Sqlite(Arc::new(sqlite::Reader::open(&address.file()?).ok()?)),
        };
        Some(Self::over(connections))
    }

    fn over(connections: Connections) -> Self {
        let turns = Semaphore::new(READERS as usize);
        Self(Arc::new(Inner { connections, turns, waiting: Mutex::default() }))
    }

    /// Closes the connections once the last reading is done.
    pub(super) async fn close(&self) {
        let _all = self.0.turns.acquire_many(READERS).await;
        self.0.turns.close();
        match &self.0.connections {
            Connections::Sqlite(reader) => reader.close(),
            Connections::Postgres(reader) => reader.close().await,
        }
    }

    /// Returns the rows of a statement; `None` if it fails.
    async fn read(&self, sql: String, values: Vec<Value>, types: &[ColumnType]) -> Option<Rows> {
        if let Ok(_turn) = self.0.turns.try_acquire() {
            return self.0.connections.read(sql, values, types).await;
        }
        let key = format!("{sql} {values:?}");
        let waits = self.0.waiting().get(&key).and_then(WeakShared::upgrade);
        let reading = waits.unwrap_or_else(|| {
            let (inner, own, types) = (Arc::clone(&self.0), key.clone(), types.to_vec());
            let reading = async move {
                let _turn = inner.turns.acquire().await.ok()?;
                inner.waiting().remove(&own);
                inner.connections.read(sql, values, &types).await.map(Arc::new)
            };
            let reading = reading.boxed().shared();
            let mut waiting = self.0.waiting();
            // Those whose callers have gone.
            waiting.retain(|_, other| other.upgrade().is_some());
            waiting.extend(reading.downgrade().map(|weak| (key, weak)));
            reading
        });
        reading.await.map(Arc::unwrap_or_clone)
    }
}

impl Inner {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    async fn read(&self, sql: String, values: Vec<Value>, types: &[ColumnType]) -> Option<Rows> {
        match self {
            Self::Sqlite(reader) => reader.read(sql, values, types.len()).await,
            Self::Postgres(reader) => reader.read(sql, values, types).await,
        }
    }
}

/// Returns the rows of a query that selects these columns.
pub(super) async fn read(store: &SqlStore, query: &SelectStatement, columns: &[run::Column]) -> Result<Rows> {
    let types: Vec<ColumnType> = columns.iter().map(|column| column.def().get_column_type().clone()).collect();
    let begun = Instant::now();
    let rows = match &store.reader {
        None => None,
        Some(reader) => {
            let (sql, values) = match &reader.0.connections {
                Connections::Sqlite(_) => query.build(SqliteQueryBuilder),
                Connections::Postgres(_) => in_one_text(query).build(PostgresQueryBuilder),
            };
            let traced = traces::are_on().then(|| sql.clone());
            let rows = reader.read(sql, values.0, &types).await;
            if let Some(sql) = traced {
                let system = dialect::system(store.read().get_database_backend());
                traces::statement(system, &sql, begun.elapsed(), rows.is_none());
            }
            rows
        }
    };
    if let Some(rows) = rows {
        store.statements.fetch_add(1, Ordering::Relaxed);
        metrics::statement(begun.elapsed());
        return Ok(rows);
    }
    let mut table = CellTable::new(types.len());
    for row in store.read().query_all(query).await.db()? {
        types.iter().enumerate().try_for_each(|(at, of)| push_cell(&mut table, &row, at, of)).db()?;
    }
    Ok(table.into_rows())
}

/// Passes each row of a statement to `add`, with what the rows before it came to. Returns the result; `None` if the
/// statement fails, and on PostgreSQL.
pub(super) async fn fold<T: Send + 'static>(
    store: &SqlStore,
    statement: Statement,
    start: T,
    add: impl Fn(&mut T, &rusqlite::Row<'_>) -> rusqlite::Result<()> + Send + 'static,
) -> Option<T> {
    let inner = &store.reader.as_ref()?.0;
    let Connections::Sqlite(reader) = &inner.connections else { return None };
    let _turn = inner.turns.acquire().await.ok()?;
    store.statements.fetch_add(1, Ordering::Relaxed);
    reader.fold(statement.sql, statement.values.map(|values| values.0).unwrap_or_default(), start, add).await
}

/// Returns the query that gives the rows as records in one text. They keep their order.
fn in_one_text(query: &SelectStatement) -> SelectStatement {
    Query::select().expr(Expr::cust("string_agg(page::text, '')")).from_subquery(query.clone(), "page").take()
}

/// Adds a value, read by the type of its column.
fn push_cell(table: &mut CellTable, row: &QueryResult, at: usize, of: &ColumnType) -> Result<(), DbErr> {
    let text: Option<String>;
    table.push(match of {
        ColumnType::Integer => row.try_get_by_index::<Option<i32>>(at)?.map_or(Cell::Null, |it| Cell::Int(it.into())),
        ColumnType::BigInteger => row.try_get_by_index::<Option<i64>>(at)?.map_or(Cell::Null, Cell::Int),
        ColumnType::Double => row.try_get_by_index::<Option<f64>>(at)?.map_or(Cell::Null, Cell::Real),
        ColumnType::Boolean => row.try_get_by_index::<Option<bool>>(at)?.map_or(Cell::Null, |it| Cell::Int(it.into())),
        _ => {
            text = row.try_get_by_index(at)?;
            text.as_deref().map_or(Cell::Null, Cell::Text)
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    /// Readings of a number that differs at each execution.
    async fn numbers(reader: &Reader, statements: &[&str]) -> Vec<Rows> {
        let types = [ColumnType::BigInteger];
        let read = |sql: &&str| reader.read((*sql).to_owned(), Vec::new(), &types);
        join_all(statements.iter().map(read)).await.into_iter().flatten().collect()
    }

    #[tokio::test]
    async fn identical_readings_that_wait_are_done_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let reader = Reader::over(Connections::Sqlite(Arc::new(sqlite::Reader::open(file.path()).unwrap())));
        let busy = reader.0.turns.acquire_many(READERS).await.unwrap();
        let reading = numbers(&reader, &["SELECT random()", "SELECT random()", "SELECT random() AS other"]);
        // The readings have begun to wait when the join is polled for the first time.
        let (found, ()) = tokio::join!(biased; reading, async {
            assert_eq!(reader.0.waiting().len(), 2);
            drop(busy);
        });
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], found[1]);
        assert_ne!(found[0], found[2]);
        assert!(reader.0.waiting().is_empty());
        assert_ne!(numbers(&reader, &["SELECT random()"]).await[0], found[0]);
        reader.close().await;
    }

    #[tokio::test]
    async fn a_caller_that_leaves_takes_its_reading_along() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let reader = Reader::over(Connections::Sqlite(Arc::new(sqlite::Reader::open(file.path()).unwrap())));
        let busy = reader.0.turns.acquire_many(READERS).await.unwrap();
        {
            let mut gone = Box::pin(numbers(&reader, &["SELECT random()"]));
            assert!(futures_util::poll!(&mut gone).is_pending());
        }
        let mut stays = Box::pin(numbers(&reader, &["SELECT random()"]));
        assert!(futures_util::poll!(&mut stays).is_pending());
        drop(busy);
        assert_eq!(stays.await.len(), 1);
    }
}
