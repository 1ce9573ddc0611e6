//! Keyset pagination: the conditions and orders of lists whose rows are found by their sort key.
//!
//! The rules: a list is ordered by some columns, all in one direction, and the last ones make the key unique. The first
//! may be null. Nulls come last in either direction, so such a list has two sections, each one range of an index.

use sea_orm::{
    Condition, ConnectionTrait, FromQueryResult, Value,
    sea_query::{Expr, ExprTrait, NullOrdering, Order, SelectStatement},
};

use super::all;
use crate::domain::{
    Error, Result,
    filter::OrderDirection,
    page::{Cursor, CursorPart, Page, PageDirection, PageRequest},
};

/// The type of a key column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyType {
    Int,
    Float,
    Text,
}

/// The order of a list.
#[derive(Debug, Clone)]
pub(super) struct Keyset {
    /// The columns and their types, the unique key last.
    pub columns: Vec<(Expr, KeyType)>,
    /// Whether the first column may be null.
    pub nullable: bool,
    /// The direction of all columns.
    pub direction: OrderDirection,
}

/// One end of a range of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    /// The key, without its first part if that is null.
    pub key: Vec<Value>,
    /// Whether the first part is null.
    pub null: bool,
    /// Whether the row with this key belongs to the range.
    pub inclusive: bool,
}

/// A range of a list, in the list's own order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Range {
    /// The start; `None` is the start of the list.
    pub start: Option<Bound>,
    /// The end; `None` is the end of the list.
    pub end: Option<Bound>,
}

/// One range of an index.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Matches its rows.
    pub condition: Condition,
    /// The order of its rows.
    pub order: Vec<(Expr, Order)>,
}

impl Keyset {
    /// Converts a cursor to a bound. `argument` is the GraphQL argument that held it, for the error.
    fn bound(&self, cursor: &Cursor, argument: &str) -> Result<Bound> {
        let foreign = || {
            Error::bad_input(
                argument,
                format!("`{argument}` is not a cursor of this list; pass one from `edges` or `pageInfo`"),
            )
        };
        if cursor.key.len() != self.columns.len() {
            return Err(foreign());
        }
        let mut key = Vec::with_capacity(cursor.key.len());
        let mut null = false;
        for (at, (part, (_, key_type))) in cursor.key.iter().zip(&self.columns).enumerate() {
            match (part, key_type) {
                (CursorPart::Null, _) if at == 0 && self.nullable => null = true,
                (CursorPart::Int(number), KeyType::Int) => key.push(Value::from(*number)),
                #[expect(clippy::cast_precision_loss, reason = "a whole confidence is 0 or 1")]
                (CursorPart::Int(number), KeyType::Float) => key.push(Value::from(*number as f64)),
                (CursorPart::Float(number), KeyType::Float) => key.push(Value::from(*number)),
                (CursorPart::Text(text), KeyType::Text) => key.push(Value::from(text.as_str())),
                _ => return Err(foreign()),
            }
        }
        Ok(Bound { key, null, inclusive: false })
    }

    /// Returns the range that a page is cut from.
    pub(super) fn range(&self, page: &PageRequest) -> Result<Range> {
        let forward = page.direction == PageDirection::Forward;
        let (after, before) = if forward { (&page.from, &page.until) } else { (&page.until, &page.from) };
        let start = after.as_ref().map(|cursor| self.bound(cursor, "after")).transpose()?;
        let end = before.as_ref().map(|cursor| self.bound(cursor, "before")).transpose()?;
        Ok(Range { start, end })
    }

    /// Returns the sections that a range touches, in reading order.
    pub(super) fn sections(&self, range: &Range, reverse: bool) -> Vec<Section> {
        let mut sections = Vec::with_capacity(2);
        let bounds = |null| {
            let start = range.start.as_ref().filter(|bound| bound.null == null);
            let end = range.end.as_ref().filter(|bound| bound.null == null);
            (start, end)
        };
        if !range.start.as_ref().is_some_and(|start| start.null) {
            let (start, end) = bounds(false);
            let mut condition = self.between(&self.columns, start, end);
            if self.nullable && start.is_none() && end.is_none() {
                condition = condition.add(self.columns[0].0.clone().is_not_null());
            }
            sections.push(Section { condition, order: self.order(&self.columns, reverse) });
        }
        if self.nullable && range.end.as_ref().is_none_or(|end| end.null) {
            let (start, end) = bounds(true);
            let columns = &self.columns[1..];
            let condition = self.between(columns, start, end).add(self.columns[0].0.clone().is_null());
            sections.push(Section { condition, order: self.order(columns, reverse) });
        }
        if reverse {
            sections.reverse();
        }
        sections
    }

    /// Adds the whole range as one condition and one order, for the database to sort.
    pub(super) fn sorted(&self, range: &Range, reverse: bool, query: &mut SelectStatement) {
        let mut any = Condition::any();
        for section in self.sections(range, reverse) {
            any = any.add(section.condition);
        }
        query.cond_where(any);
        let nulls = if reverse { NullOrdering::First } else { NullOrdering::Last };
        for (column, order) in self.order(&self.columns, reverse) {
            query.order_by_expr_with_nulls(column, order, nulls);
        }
    }

    fn between(&self, columns: &[(Expr, KeyType)], start: Option<&Bound>, end: Option<&Bound>) -> Condition {
        let ascending = self.direction == OrderDirection::Asc;
        let mut condition = Condition::all();
        for (bound, above) in [(start, ascending), (end, !ascending)] {
            let Some(bound) = bound else { continue };
            let (left, right) = match (columns, bound.key.as_slice()) {
                ([(column, _)], [value]) => (column.clone(), Expr::val(value.clone())),
                _ => (
                    Expr::tuple(columns.iter().map(|(column, _)| column.clone())),
                    Expr::tuple(bound.key.iter().cloned().map(Expr::val)),
                ),
            };
            condition = condition.add(match (above, bound.inclusive) {
                (true, false) => left.gt(right),
                (true, true) => left.gte(right),
                (false, false) => left.lt(right),
                (false, true) => left.lte(right),
            });
        }
        condition
    }

    fn order(&self, columns: &[(Expr, KeyType)], reverse: bool) -> Vec<(Expr, Order)> {
        let ascending = (self.direction == OrderDirection::Asc) != reverse;
        let order = if ascending { Order::Asc } else { Order::Desc };
        columns.iter().map(|(column, _)| (column.clone(), order.clone())).collect()
    }
}

/// What a page needs besides its rows: whether rows exist outside its cursors. A page checks each range for one row.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    /// Everything up to `after`, its own row included; read in reverse.
    pub before: Option<Range>,
    /// Everything from `before` on, its own row included.
    pub behind: Option<Range>,
}

impl Range {
    /// Returns the ranges outside this one, on either side.
    pub(super) fn neighbours(&self) -> Neighbours {
        let outside = |bound: &Option<Bound>| bound.clone().map(|bound| Bound { inclusive: true, ..bound });
        Neighbours {
            before: outside(&self.start).map(|end| Self { start: None, end: Some(end) }),
            behind: outside(&self.end).map(|start| Self { start: Some(start), end: None }),
        }
    }
}

/// A page without cursors.
pub(super) struct Cut<T> {
    pub rows: Vec<T>,
    pub has_next: bool,
    pub has_previous: bool,
}

impl<T> Cut<T> {
    /// Adds the cursor of each row.
    pub(super) fn with_cursors(self, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
        let Self { rows, has_next, has_previous } = self;
        Page { rows: rows.into_iter().map(|row| (cursor(&row), row)).collect(), has_next, has_previous }
    }
}

/// Cuts a page from the rows read for it: one more than its size if there are more. `before` and `behind` tell whether
/// rows exist outside the range.
pub(super) fn cut<T>(page: &PageRequest, mut rows: Vec<T>, (before, behind): (bool, bool)) -> Cut<T> {
    let more = rows.len() > page.size;
    rows.truncate(page.size);
    let forward = page.direction == PageDirection::Forward;
    if !forward {
        rows.reverse();
    }
    let (has_previous, has_next) = if forward { (before, more || behind) } else { (more || before, behind) };
    Cut { rows, has_next, has_previous }
}

/// Reads one page of a list without nulls. `query` selects the rows, and `cursor` returns the cursor of a row.
pub(super) async fn page<M: FromQueryResult>(
    connection: &impl ConnectionTrait,
    keyset: &Keyset,
    request: &PageRequest,
    query: &SelectStatement,
    cursor: impl Fn(&M) -> Cursor,
) -> Result<Page<M>> {
    let range = keyset.range(request)?;
    let read = async |range: &Range, reverse: bool, limit: usize| -> Result<Vec<M>> {
        let mut query = query.clone();
        query.limit(limit as u64);
        for section in keyset.sections(range, reverse) {
            query.cond_where(section.condition);
            for (column, order) in section.order {
                query.order_by_expr(column, order);
            }
        }
        all(connection, &query).await
    };
    let rows = read(&range, request.direction == PageDirection::Backward, request.size + 1).await?;
    let neighbours = range.neighbours();
    let before = match neighbours.before {
        Some(range) => !read(&range, true, 1).await?.is_empty(),
        None => false,
    };
    let behind = match neighbours.behind {
        Some(range) => !read(&range, false, 1).await?.is_empty(),
        None => false,
    };
    Ok(cut(request, rows, (before, behind)).with_cursors(cursor))
}
