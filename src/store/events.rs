//! Events of runs, by sequence number.

use entity::run_event::{self, Column};
use sea_orm::{
    ConnectionTrait, Iterable,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use super::{
    all,
    keyset::{self, KeyType, Keyset},
    record,
};
use crate::domain::{
    Result,
    event::{RunEvent, RunEventType, list_name},
    filter::OrderDirection,
    id::RunId,
    page::{Cursor, CursorPart, Page, PageRequest},
};

fn of(run: RunId) -> SelectStatement {
    let mut query = Query::select();
    query.columns(Column::iter()).from(run_event::Entity).and_where(Expr::col(Column::RunId).eq(run.0));
    query
}

/// Returns the events after a sequence number, in order.
pub(super) async fn after(
    connection: &impl ConnectionTrait,
    run: RunId,
    after: i32,
    limit: u64,
) -> Result<Vec<RunEvent>> {
    let mut query = of(run);
    query.and_where(Expr::col(Column::Sequence).gt(after)).order_by(Column::Sequence, Order::Asc).limit(limit);
    let rows: Vec<run_event::Model> = all(connection, &query).await?;
    Ok(rows.into_iter().map(record::event).collect())
}

/// Returns one page, in order.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    run: RunId,
    types: Option<&[RunEventType]>,
    page: &PageRequest,
) -> Result<Page<RunEvent>> {
    let keyset = Keyset {
        columns: vec![(Expr::col(Column::Sequence), KeyType::Int)],
        nullable: false,
        direction: OrderDirection::Asc,
    };
    let mut query = of(run);
    if let Some(types) = types {
        query.and_where(Expr::col(Column::EventType).is_in(types.iter().map(|event_type| event_type.as_str())));
    }
    let name = list_name(run);
    let cursor =
        |row: &run_event::Model| Cursor { list: name.clone(), key: vec![CursorPart::Int(i64::from(row.sequence))] };
    Ok(keyset::page(connection, &keyset, page, &query, cursor).await?.map(record::event))
}
