//! Lists of runs: pages, totals, facets, keys. `run_plan.rs` decides how each is read.

use std::collections::HashMap;

use entity::{run, run_tally};
use sea_orm::{
    ConnectionTrait, Iterable, Value,
    sea_query::{Expr, ExprTrait, NullOrdering, Order, Query, SelectStatement, UnionType},
};

use super::{
    all, dialect,
    keyset::{Range, Section, cut},
    number, record,
    run_plan::{Part, Parts, Plan, keyset, order_column},
};
use crate::domain::{
    Error, Result,
    filter::{OrderDirection, RunFilter, RunOrder, RunOrderField},
    id::RunId,
    page::{Cursor, CursorPart, Page, PageDirection, PageRequest},
    run::Run,
    status::{RunKind, RunStatus},
};

/// Returns one page. Up to `few` runs are sorted; above that an index is walked.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    filter: &RunFilter,
    order: RunOrder,
    page: &PageRequest,
    few: u64,
) -> Result<Page<Run>> {
    let backend = connection.get_database_backend();
    let range = keyset(backend, order, true).range(page)?;
    let Some(parts) = Parts::new(backend, filter) else {
        return Ok(Page { rows: Vec::new(), has_next: false, has_previous: false });
    };
    let list = List { connection, plan: Plan::choose(connection, &parts, order, few).await?, parts, order };
    let neighbours = range.neighbours();
    let reverse = page.direction == PageDirection::Backward;
    let rows = list.read(range, reverse, page.size as u64 + 1).await?;
    let before = list.any(neighbours.before, true).await?;
    let behind = list.any(neighbours.behind, false).await?;
    let name = order.list_name();
    let cursor = |row: &run::Model| Cursor { list: name.clone(), key: cursor_key(row, order.field) };
    cut(page, rows, (before, behind), cursor).try_map(record::run)
}

/// The sort key of a run, as the parts of a cursor.
fn cursor_key(row: &run::Model, field: RunOrderField) -> Vec<CursorPart> {
    let text = |text: &str| CursorPart::Text(text.to_owned());
    let first = match field {
        RunOrderField::StartedAt => Some(CursorPart::Int(row.listed_at)),
        RunOrderField::Number => None,
        RunOrderField::Duration => Some(row.duration_ms.map_or(CursorPart::Null, CursorPart::Int)),
        RunOrderField::Status => Some(text(&row.status)),
        RunOrderField::Command => Some(text(&row.command)),
        RunOrderField::Model => Some(row.model.as_deref().map_or(CursorPart::Null, text)),
        RunOrderField::DbProfile => Some(row.db_profile_name.as_deref().map_or(CursorPart::Null, text)),
    };
    first.into_iter().chain([CursorPart::Int(row.id)]).collect()
}

/// A filtered list in an order.
struct List<'a, C> {
    connection: &'a C,
    parts: Parts,
    plan: Plan,
    order: RunOrder,
}

impl<C: ConnectionTrait> List<'_, C> {
    /// Reads at most `limit` rows of a range, from its start or, in reverse, from its end.
    async fn read(&self, range: Range, reverse: bool, limit: u64) -> Result<Vec<run::Model>> {
        let backend = self.connection.get_database_backend();
        let (leaders, rest) = match &self.plan {
            Plan::Sort { condition } => {
                let mut query = whole_rows();
                query.cond_where(condition.clone()).limit(limit);
                keyset(backend, self.order, false).sorted(&range, reverse, &mut query);
                return all(self.connection, &query).await;
            }
            Plan::Walk { leaders, rest } => (leaders, rest),
        };
        let range = match self.order.field {
            RunOrderField::StartedAt => self.parts.within_time(range, self.order.direction),
            _ => range,
        };
        let sections = keyset(backend, self.order, true).sections(&range, reverse);
        let ranges = leaders.iter().flat_map(|leader| sections.iter().map(move |section| (leader, section)));
        let mut queries: Vec<SelectStatement> = Vec::new();
        for (leader, Section { condition, order }) in ranges {
            let mut query = Query::select();
            query.from(run::Entity).cond_where(leader.clone()).cond_where(condition.clone());
            query.cond_where(rest.clone()).limit(limit);
            for (column, order) in order {
                query.order_by_expr(column.clone(), order.clone());
            }
            queries.push(query);
        }
        match queries.as_mut_slice() {
            [] => Ok(Vec::new()),
            [query] => all(self.connection, query.columns(run::Column::iter())).await,
            _ => self.merge(queries, reverse, limit).await,
        }
    }

    /// Merges ordered ranges. Reads their keys first, then only the rows of the keys that are needed.
    async fn merge(&self, ranges: Vec<SelectStatement>, reverse: bool, limit: u64) -> Result<Vec<run::Model>> {
        let (column, _, _) = order_column(self.order.field);
        let mut union: Option<SelectStatement> = None;
        for mut range in ranges {
            range
                .expr_as(Expr::col((run::Entity, column)), "sort_key")
                .expr_as(Expr::col((run::Entity, run::Column::Id)), "run_id");
            let branch = Query::select().columns(["sort_key", "run_id"]).from_subquery(range, "part").take();
            match &mut union {
                None => union = Some(branch),
                Some(union) => {
                    union.union(UnionType::All, branch);
                }
            }
        }
        let Some(union) = union else { return Ok(Vec::new()) };
        let ascending = (self.order.direction == OrderDirection::Asc) != reverse;
        let order = if ascending { Order::Asc } else { Order::Desc };
        let nulls = if reverse { NullOrdering::First } else { NullOrdering::Last };
        let mut keys = Query::select();
        keys.column("run_id").from_subquery(union, "merged").limit(limit);
        keys.order_by_expr_with_nulls(Expr::col("sort_key"), order.clone(), nulls);
        keys.order_by_expr(Expr::col("run_id"), order);
        let rows = self.connection.query_all(&keys).await?;
        let ids = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<i64>, _>>()?;
        let mut query = whole_rows();
        query.and_where(Expr::col((run::Entity, run::Column::Id)).is_in(ids.iter().copied()));
        let rows: Vec<run::Model> = all(self.connection, &query).await?;
        let mut by_id: HashMap<i64, run::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// Returns whether a range holds a row. Returns `false` for `None`.
    async fn any(&self, range: Option<Range>, reverse: bool) -> Result<bool> {
        match range {
            Some(range) => Ok(!self.read(range, reverse, 1).await?.is_empty()),
            None => Ok(false),
        }
    }
}

fn whole_rows() -> SelectStatement {
    Query::select().columns(run::Column::iter()).from(run::Entity).take()
}

/// Selects from the tally with the conditions that correspond to those on runs.
fn tally(lists: &[(Part, Vec<Value>)]) -> Result<SelectStatement> {
    let mut query = Query::select();
    query.from(run_tally::Entity);
    for (part, values) in lists {
        let column = part.tallied().ok_or_else(|| Error::internal(format!("the tally holds no {part:?}")))?;
        query.and_where(Expr::col(column).is_in(values.iter().cloned()));
    }
    Ok(query)
}

/// The sum of the tally's counts, as an integer on every database.
fn sum_of_tally() -> Expr {
    Expr::col(run_tally::Column::N).sum().cast_as("bigint")
}

/// Counts the runs that pass the filter.
pub(super) async fn count(connection: &impl ConnectionTrait, filter: &RunFilter) -> Result<i64> {
    let Some(parts) = Parts::new(connection.get_database_backend(), filter) else { return Ok(0) };
    let query = match parts.tallied() {
        Some(lists) => tally(lists)?.expr(sum_of_tally().if_null(0)).take(),
        None => Query::select().expr(Expr::cust("count(*)")).from(run::Entity).cond_where(parts.condition()).take(),
    };
    number(connection, &query).await
}

/// Counts the runs that pass the filter by kind; the filter's own kinds are ignored.
pub(super) async fn counts_by_kind(
    connection: &impl ConnectionTrait,
    filter: &RunFilter,
) -> Result<HashMap<RunKind, i64>> {
    let filter = RunFilter { kinds: None, ..filter.clone() };
    let counts = counts_by(connection, &filter, run::Column::Kind, run_tally::Column::Kind).await?;
    counts.into_iter().map(|(kind, count)| Ok((record::spelled(&kind)?, count))).collect()
}

/// Counts the runs that pass the filter by status; the filter's own statuses are ignored.
pub(super) async fn counts_by_status(
    connection: &impl ConnectionTrait,
    filter: &RunFilter,
) -> Result<HashMap<RunStatus, i64>> {
    let filter = RunFilter { statuses: None, ..filter.clone() };
    let counts = counts_by(connection, &filter, run::Column::Status, run_tally::Column::Status).await?;
    counts.into_iter().map(|(status, count)| Ok((record::spelled(&status)?, count))).collect()
}

async fn counts_by(
    connection: &impl ConnectionTrait,
    filter: &RunFilter,
    column: run::Column,
    tallied: run_tally::Column,
) -> Result<Vec<(String, i64)>> {
    let backend = connection.get_database_backend();
    let Some(parts) = Parts::new(backend, filter) else { return Ok(Vec::new()) };
    let query = if let Some(lists) = parts.tallied() {
        tally(lists)?.column(tallied).expr(sum_of_tally()).group_by_col(tallied).take()
    } else {
        let group = dialect::plain(backend, Expr::col((run::Entity, column)));
        let mut query = Query::select();
        query.expr(group.clone()).expr(Expr::cust("count(*)")).from(run::Entity).cond_where(parts.condition());
        query.add_group_by([group]).take()
    };
    let mut counts = Vec::new();
    for row in connection.query_all(&query).await? {
        let (value, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        if count > 0 {
            counts.push((value, count));
        }
    }
    Ok(counts)
}

/// Returns the keys of all runs that pass the filter and have one of these statuses.
pub(super) async fn ids(
    connection: &impl ConnectionTrait,
    filter: &RunFilter,
    statuses: &[RunStatus],
) -> Result<Vec<RunId>> {
    let backend = connection.get_database_backend();
    let wanted = |status: &&RunStatus| filter.statuses.as_ref().is_none_or(|wanted| wanted.contains(status));
    let statuses: Vec<RunStatus> = statuses.iter().filter(wanted).copied().collect();
    let filter = RunFilter { statuses: Some(statuses), ..filter.clone() };
    let Some(parts) = Parts::new(backend, &filter) else { return Ok(Vec::new()) };
    let mut query = Query::select();
    query.column(run::Column::Id).from(run::Entity).cond_where(parts.condition());
    query.order_by_expr(dialect::plain(backend, Expr::col((run::Entity, run::Column::Id))), Order::Asc);
    let rows = connection.query_all(&query).await?;
    rows.iter().map(|row| Ok(RunId(row.try_get_by_index(0)?))).collect()
}
