//! Events of runs, by their numbers.

use entity::run_event::{self, Column};
use sea_orm::{
    ConnectionTrait, Iterable,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use super::{
    all,
    keyset::{KeyType, Keyset, Range, cut},
    record,
};
use crate::domain::{
    Result,
    event::{RunEvent, RunEventType, list_name},
    filter::OrderDirection,
    id::RunId,
    page::{Cursor, CursorPart, Page, PageDirection, PageRequest},
};

fn of(run: RunId) -> SelectStatement {
    let mut query = Query::select();
    query.columns(Column::iter()).from(run_event::Entity).and_where(Expr::col(Column::RunId).eq(run.0));
    query
}

/// Events after a number, in order.
pub(super) async fn after(
    connection: &impl ConnectionTrait,
    run: RunId,
    after: i32,
    limit: u64,
) -> Result<Vec<RunEvent>> {
    let mut query = of(run);
    query.and_where(Expr::col(Column::Sequence).gt(after)).order_by(Column::Sequence, Order::Asc).limit(limit);
    let rows: Vec<run_event::Model> = all(connection, &query).await?;
    rows.into_iter().map(record::event).collect()
}

/// One page.
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
    let range = keyset.range(page)?;
    let read = async |range: &Range, reverse: bool, limit: usize| -> Result<Vec<run_event::Model>> {
        let mut query = of(run);
        query.limit(limit as u64);
        if let Some(types) = types {
            query.and_where(Expr::col(Column::EventType).is_in(types.iter().map(|event_type| event_type.as_str())));
        }
        for section in keyset.sections(range, reverse) {
            query.cond_where(section.condition);
            for (column, order) in section.order {
                query.order_by_expr(column, order);
            }
        }
        all(connection, &query).await
    };
    let rows = read(&range, page.direction == PageDirection::Backward, page.size + 1).await?;
    let neighbours = range.neighbours();
    let before = match neighbours.before {
        Some(range) => !read(&range, true, 1).await?.is_empty(),
        None => false,
    };
    let behind = match neighbours.behind {
        Some(range) => !read(&range, false, 1).await?.is_empty(),
        None => false,
    };
    let name = list_name(run);
    let page = cut(page, rows, (before, behind), |row| Cursor {
        list: name.clone(),
        key: vec![CursorPart::Int(i64::from(row.sequence))],
    });
    let rows = page.rows.into_iter().map(|(cursor, row)| Ok((cursor, record::event(row)?))).collect::<Result<_>>()?;
    Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
}
