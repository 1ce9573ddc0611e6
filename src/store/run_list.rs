//! Lists of runs: pages, totals, facets, keys. `run_plan.rs` decides how each is read.

use std::collections::HashMap;

use entity::{Word, run, run_tally};
use sea_orm::{
    ConnectionTrait, DbBackend, Iterable, Value,
    sea_query::{Expr, ExprTrait, NullOrdering, Order, Query, SelectStatement, UnionType},
};

use super::{
    SqlStore, all, cells, dialect,
    keyset::{Cut, Range, Section, cut},
    nth, number, record,
    run_plan::{Part, Parts, Plan, Planner, keyset, order_column},
    trouble::DbResult as _,
};
use crate::domain::{
    Error, Result,
    filter::{OrderDirection, RunFilter, RunOrder, RunOrderField},
    id::RunId,
    page::{Cursor, CursorPart, Page, PageDirection, PageEnds, PageRequest},
    run::{CellPage, CellRow, Run, RunColumn, RunCounts},
    status::{RunKind, RunStatus},
};

/// How the rows of a list are read, and what of them.
trait Rows {
    /// A row.
    type Row;

    /// Its columns.
    fn columns(&self) -> Vec<run::Column>;

    /// Returns the rows of a query that selects the columns.
    async fn read(&self, query: &SelectStatement) -> Result<Vec<Self::Row>>;
}

/// Whole rows.
struct Whole<'a, C>(&'a C);

impl<C: ConnectionTrait> Rows for Whole<'_, C> {
    type Row = run::Model;

    fn columns(&self) -> Vec<run::Column> {
        run::Column::iter().collect()
    }

    async fn read(&self, query: &SelectStatement) -> Result<Vec<run::Model>> {
        all(self.0, query).await
    }
}

/// Rows of a few columns, followed by those of the sort key.
struct Chosen<'a> {
    store: &'a SqlStore,
    columns: Vec<run::Column>,
}

impl<'a> Chosen<'a> {
    /// Chooses columns for a list in an order.
    fn new(store: &'a SqlStore, columns: &[RunColumn], order: RunOrder) -> Self {
        let key = [order_column(order.field).0, run::Column::Id];
        // The number is a key by itself.
        let key = if order.field == RunOrderField::Number { &key[1..] } else { &key };
        Self { store, columns: columns.iter().map(|column| stored(*column)).chain(key.iter().copied()).collect() }
    }
}

impl Rows for Chosen<'_> {
    type Row = CellRow;

    fn columns(&self) -> Vec<run::Column> {
        self.columns.clone()
    }

    async fn read(&self, query: &SelectStatement) -> Result<Vec<CellRow>> {
        cells::read(self.store, query, &self.columns).await
    }
}

/// Returns the column of the table.
const fn stored(column: RunColumn) -> run::Column {
    use run::Column as Of;
    match column {
        RunColumn::Id => Of::Id,
        RunColumn::Kind => Of::Kind,
        RunColumn::Command => Of::Command,
        RunColumn::Status => Of::Status,
        RunColumn::ScopeSummary => Of::ScopeSummary,
        RunColumn::DbProfileName => Of::DbProfileName,
        RunColumn::LlmProfileName => Of::LlmProfileName,
        RunColumn::Model => Of::Model,
        RunColumn::CreatedAt => Of::CreatedAt,
        RunColumn::StartedAt => Of::StartedAt,
        RunColumn::FinishedAt => Of::FinishedAt,
        RunColumn::ActiveMs => Of::ActiveMs,
        RunColumn::ActiveSince => Of::ActiveSince,
        RunColumn::ApplyMs => Of::ApplyMs,
        RunColumn::ApplySince => Of::ApplySince,
        RunColumn::StartedBy => Of::StartedBy,
        RunColumn::CancelledBy => Of::CancelledBy,
        RunColumn::Title => Of::Title,
        RunColumn::Labels => Of::Labels,
        RunColumn::Waiting => Of::Waiting,
        RunColumn::RowsTotal => Of::RowsTotal,
        RunColumn::RowsDone => Of::RowsDone,
        RunColumn::RowsFailed => Of::RowsFailed,
        RunColumn::RowsSkipped => Of::RowsSkipped,
        RunColumn::InputTokens => Of::InputTokens,
        RunColumn::CachedInputTokens => Of::CachedInputTokens,
        RunColumn::CacheWriteTokens => Of::CacheWriteTokens,
        RunColumn::OutputTokens => Of::OutputTokens,
        RunColumn::CostUsd => Of::CostUsd,
        RunColumn::ModelMs => Of::ModelMs,
        RunColumn::Requests => Of::Requests,
        RunColumn::Retries => Of::Retries,
        RunColumn::Repeats => Of::Repeats,
        RunColumn::LastSequence => Of::LastSequence,
        RunColumn::MaxCostUsd => Of::MaxCostUsd,
        RunColumn::MaxTokens => Of::MaxTokens,
        RunColumn::MaxSeconds => Of::MaxSeconds,
    }
}

/// Returns one page.
async fn page<R: Rows>(
    connection: &impl ConnectionTrait,
    rows: &R,
    filter: &RunFilter,
    order: RunOrder,
    (page, ends): (&PageRequest, PageEnds),
    planner: &Planner,
) -> Result<Cut<R::Row>> {
    let backend = connection.get_database_backend();
    let range = keyset(backend, order, true).range(page)?;
    let Some(parts) = Parts::new(backend, filter) else {
        return Ok(Cut { rows: Vec::new(), has_next: false, has_previous: false });
    };
    let plan = planner.choose(connection, filter, &parts, order).await?;
    let list = List { backend, rows, parts, plan, order };
    let outside = range.neighbours();
    let reverse = page.direction == PageDirection::Backward;
    let found = list.read(range, reverse, page.size as u64 + 1).await?;
    let before = list.any(outside.before.filter(|_| ends.previous), true).await?;
    let behind = list.any(outside.behind.filter(|_| ends.next), false).await?;
    Ok(cut(page, found, (before, behind)))
}

/// Returns one page of whole runs with their cursors.
pub(super) async fn whole_page(
    connection: &impl ConnectionTrait,
    filter: &RunFilter,
    order: RunOrder,
    request: &PageRequest,
    planner: &Planner,
) -> Result<Page<Run>> {
    let ends = PageEnds { previous: true, next: true };
    let found = page(connection, &Whole(connection), filter, order, (request, ends), planner).await?;
    let list = order.list_name();
    let cursor = |row: &run::Model| Cursor { list: list.clone(), key: cursor_key(row, order.field) };
    Ok(found.with_cursors(cursor).map(record::run))
}

/// The sort key of a run, as the parts of a cursor.
fn cursor_key(row: &run::Model, field: RunOrderField) -> Vec<CursorPart> {
    let text = |text: &str| CursorPart::Text(text.to_owned());
    let first = match field {
        RunOrderField::StartedAt => Some(CursorPart::Int(row.listed_at)),
        RunOrderField::Number => None,
        RunOrderField::Duration => Some(row.duration_ms.map_or(CursorPart::Null, CursorPart::Int)),
        RunOrderField::Status => Some(text(row.status.0.as_str())),
        RunOrderField::Command => Some(text(row.command.0.as_str())),
        RunOrderField::Model => Some(row.model.as_deref().map_or(CursorPart::Null, text)),
        RunOrderField::DbProfile => Some(row.db_profile_name.as_deref().map_or(CursorPart::Null, text)),
    };
    first.into_iter().chain([CursorPart::Int(row.id)]).collect()
}

/// Returns one page of a few columns. Each row ends with the parts of its cursor.
pub(super) async fn cell_page(
    store: &SqlStore,
    filter: &RunFilter,
    order: RunOrder,
    (request, ends): (&PageRequest, PageEnds),
    columns: &[RunColumn],
) -> Result<CellPage> {
    let rows = Chosen::new(store, columns, order);
    let Cut { rows, has_next, has_previous } =
        page(store.read(), &rows, filter, order, (request, ends), &store.planner).await?;
    Ok(CellPage { rows, has_next, has_previous })
}

/// A filtered list in an order.
struct List<'a, R> {
    backend: DbBackend,
    rows: &'a R,
    parts: Parts,
    plan: Plan,
    order: RunOrder,
}

impl<R: Rows> List<'_, R> {
    /// Reads at most `limit` rows of a range, from its start or, in reverse, from its end.
    async fn read(&self, range: Range, reverse: bool, limit: u64) -> Result<Vec<R::Row>> {
        let (leaders, rest) = match &self.plan {
            Plan::Sort { condition } => {
                let mut query = self.select();
                query.cond_where(condition.clone()).limit(limit);
                keyset(self.backend, self.order, false).sorted(&range, reverse, &mut query);
                return self.rows.read(&query).await;
            }
            Plan::Walk { leaders, rest } => (leaders, rest),
        };
        let range = match self.order.field {
            RunOrderField::StartedAt => self.parts.within_time(range, self.order.direction),
            _ => range,
        };
        let sections = keyset(self.backend, self.order, true).sections(&range, reverse);
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
            [query] => self.rows.read(query.columns(self.rows.columns())).await,
            _ => self.merge(queries, reverse, limit).await,
        }
    }

    /// Selects the columns of the runs whose keys an ordered union of ranges gives, in its order.
    async fn merge(&self, ranges: Vec<SelectStatement>, reverse: bool, limit: u64) -> Result<Vec<R::Row>> {
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
        let sort = |query: &mut SelectStatement| {
            query.order_by_expr_with_nulls(Expr::col("sort_key"), order.clone(), nulls);
            query.order_by_expr(Expr::col("run_id"), order.clone());
        };
        let mut keys = Query::select();
        keys.columns(["sort_key", "run_id"]).from_subquery(union, "merged").limit(limit);
        sort(&mut keys);
        let mut query = Query::select();
        query.columns(self.rows.columns().into_iter().map(|column| (run::Entity, column)));
        query
            .from_subquery(keys, "keys")
            .inner_join(run::Entity, Expr::col((run::Entity, run::Column::Id)).equals(("keys", "run_id")));
        sort(&mut query);
        self.rows.read(&query).await
    }

    fn select(&self) -> SelectStatement {
        Query::select().columns(self.rows.columns()).from(run::Entity).take()
    }

    /// Returns whether a range holds a row. Returns `false` for `None`.
    async fn any(&self, range: Option<Range>, reverse: bool) -> Result<bool> {
        match range {
            Some(range) => Ok(!self.read(range, reverse, 1).await?.is_empty()),
            None => Ok(false),
        }
    }
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
pub(super) async fn count(store: &SqlStore, filter: &RunFilter) -> Result<i64> {
    let connection = store.read();
    let backend = connection.get_database_backend();
    let Some(parts) = Parts::new(backend, filter) else { return Ok(0) };
    let groups = RunFilter { kinds: None, statuses: None, ..filter.clone() };
    if groups != *filter && Parts::new(backend, &groups).is_some_and(|parts| parts.keys_alone().is_some()) {
        // Both are counted in the same way.
        return Ok(counts(store, filter).await?.total(filter));
    }
    let mut query = Query::select();
    if let Some(lists) = parts.tallied() {
        query = tally(lists)?.expr(sum_of_tally().if_null(0)).take();
    } else if let Some(keys) = parts.keys_alone() {
        query.expr(Expr::cust("count(*)")).from_subquery(keys, "found");
    } else {
        query.expr(Expr::cust("count(*)")).from(run::Entity).cond_where(parts.condition());
    }
    number(connection, &query).await
}

/// Counts the runs that pass the filter, its kinds and statuses ignored, by kind and status.
pub(super) async fn counts(store: &SqlStore, filter: &RunFilter) -> Result<RunCounts> {
    let connection = store.read();
    let backend = connection.get_database_backend();
    let filter = RunFilter { kinds: None, statuses: None, ..filter.clone() };
    let Some(parts) = Parts::new(backend, &filter) else { return Ok(RunCounts::default()) };
    let keys = parts.keys_alone();
    if let Some(keys) = &keys
        && let Some(counts) = store.facets.count(store, keys).await
    {
        return Ok(counts);
    }
    let query = if let Some(lists) = parts.tallied() {
        let groups = [run_tally::Column::Kind, run_tally::Column::Status];
        backend.build(tally(lists)?.columns(groups).expr(sum_of_tally()).group_by_columns(groups))
    } else {
        let groups = [run::Column::Kind, run::Column::Status];
        let groups = groups.map(|column| dialect::plain(backend, Expr::col((run::Entity, column))));
        let mut query = Query::select();
        query.exprs(groups.clone()).expr(Expr::cust("count(*)")).from(run::Entity).cond_where(parts.condition());
        let statement = backend.build(query.add_group_by(groups));
        if keys.is_some() { dialect::along(statement, "run", "run_facets") } else { statement }
    };
    let mut counts = HashMap::new();
    for row in connection.query_all_raw(query).await.db()? {
        let (kind, status, count): (Word<RunKind>, Word<RunStatus>, i64) =
            (nth(&row, 0)?, nth(&row, 1)?, nth(&row, 2)?);
        if count > 0 {
            counts.insert((kind.0, status.0), count);
        }
    }
    Ok(RunCounts(counts))
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
    let rows = connection.query_all(&query).await.db()?;
    rows.iter().map(|row| Ok(RunId(nth(row, 0)?))).collect()
}
