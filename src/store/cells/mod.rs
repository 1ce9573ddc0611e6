//! Rows as cells: a few columns of many rows, for the lists that are read most. Each database has a reader of its own,
//! which spares what the driver does for each row and each use of a connection.
//!
//! The rule: if a statement fails there, it is sent again through the driver, which reports the failure.

mod postgres;
mod sqlite;

use std::sync::{Arc, atomic::Ordering};

use entity::run;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, QueryResult,
    sea_query::{ColumnType, Expr, Func, PostgresQueryBuilder, Query, SelectStatement, SqliteQueryBuilder},
};

use super::{SqlStore, address::Address, trouble::DbResult as _};
use crate::domain::{Result, run::Cell};

/// The connections that cells are read through. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Reader {
    Sqlite(Arc<sqlite::Reader>),
    Postgres(Arc<postgres::Reader>),
}

impl Reader {
    /// Prepares the connections to a store; `None` if that fails.
    pub(super) fn open(address: &Address) -> Option<Self> {
        match address {
            Address::Postgres(options) => Some(Self::Postgres(Arc::new(postgres::Reader::new(options)))),
            Address::Sqlite(_) => {
                let reader = sqlite::Reader::open(&address.file()?).ok()?;
                Some(Self::Sqlite(Arc::new(reader)))
            }
        }
    }

    /// Closes the connections once the last reading is done.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(reader) => reader.close().await,
            Self::Postgres(reader) => reader.close().await,
        }
    }
}

/// Returns the rows of a query that selects these columns.
pub(super) async fn read(store: &SqlStore, query: &SelectStatement, columns: &[run::Column]) -> Result<Vec<Vec<Cell>>> {
    let types: Vec<ColumnType> = columns.iter().map(|column| column.def().get_column_type().clone()).collect();
    let rows = match &store.reader {
        None => None,
        Some(Reader::Sqlite(reader)) => {
            let (sql, values) = query.build(SqliteQueryBuilder);
            reader.read(sql, values.0, columns.len()).await
        }
        Some(Reader::Postgres(reader)) => {
            let (sql, values) = in_arrays(query, columns).build(PostgresQueryBuilder);
            reader.read(sql, values.0, &types).await
        }
    };
    if let Some(rows) = rows {
        store.statements.fetch_add(1, Ordering::Relaxed);
        return Ok(rows);
    }
    let row = |row: &QueryResult| types.iter().enumerate().map(|(at, of)| cell_of(row, at, of)).collect();
    store.read().query_all(query).await.db()?.iter().map(row).collect::<Result<_, DbErr>>().db()
}

/// Returns the query that gives each of these columns of its rows as an array. The rows keep their order.
fn in_arrays(query: &SelectStatement, columns: &[run::Column]) -> SelectStatement {
    let (mut page, mut arrays) = (query.clone(), Query::select());
    page.clear_selects();
    for (at, column) in columns.iter().enumerate() {
        // A column may be there twice, as a value and as a part of the key.
        let name = format!("c{at}");
        arrays.expr(Func::cust("array_agg").arg(Expr::col(name.clone())));
        page.expr_as(Expr::col((run::Entity, *column)), name);
    }
    arrays.from_subquery(page, "page").take()
}

/// Reads a value by the type of its column.
fn cell_of(row: &QueryResult, at: usize, of: &ColumnType) -> Result<Cell, DbErr> {
    Ok(match of {
        ColumnType::Integer => row.try_get_by_index::<Option<i32>>(at)?.map_or(Cell::Null, |it| Cell::Int(it.into())),
        ColumnType::BigInteger => row.try_get_by_index::<Option<i64>>(at)?.map_or(Cell::Null, Cell::Int),
        ColumnType::Double => row.try_get_by_index::<Option<f64>>(at)?.map_or(Cell::Null, Cell::Real),
        ColumnType::Boolean => row.try_get_by_index::<Option<bool>>(at)?.map_or(Cell::Null, |it| Cell::Int(it.into())),
        _ => row.try_get_by_index::<Option<String>>(at)?.map_or(Cell::Null, Cell::Text),
    })
}
