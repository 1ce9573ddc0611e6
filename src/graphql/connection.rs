//! Relay's connections: async-graphql's `Connection` and `Edge`, with the cursors of `domain::page`.
//!
//! The rules: `totalCount` and the facets are counted only if they are selected, and only `domain::page` checks a
//! page's arguments. A list that counts has an object for these fields, for example `RunTotals`; the connection shows
//! them as its own. `graphql/mod.rs` describes each connection, because async-graphql has no description for the type.

use async_graphql::{
    ObjectType, OutputType,
    connection::{self, CursorType, Edge, EmptyFields},
};

use crate::domain::page::{Cursor, DEFAULT_SIZE, MAX_SIZE, Page, PageArguments};

/// One page of a list: objects of the type `N`, and the fields of `F` in addition.
pub type Connection<N, F = EmptyFields> = connection::Connection<EdgeCursor, N, F>;

/// The cursor of an edge. It is encoded only if it is selected.
pub struct EdgeCursor(Cursor);

impl CursorType for EdgeCursor {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        Cursor::decode(text).map(Self).ok_or("not a cursor")
    }

    fn encode_cursor(&self) -> String {
        self.0.encode()
    }
}

/// Converts a page of records to a connection with the fields of `totals`.
pub fn connection<T, N: OutputType, F: ObjectType>(
    page: Page<T>,
    totals: F,
    mut shape: impl FnMut(T) -> N,
) -> Connection<N, F> {
    let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, totals);
    connection.edges = page.rows.into_iter().map(|(cursor, row)| Edge::new(EdgeCursor(cursor), shape(row))).collect();
    connection
}

/// Converts a connection's arguments for `domain::page`.
pub fn page_arguments(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArguments {
    PageArguments { first, after, last, before }
}

/// Returns the cost of a page: `row` for each of its rows. A size out of range counts as the maximum; reading the page
/// refuses it.
pub fn page_cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let size = first.or(last).map_or(DEFAULT_SIZE, |size| usize::try_from(size).unwrap_or(MAX_SIZE).min(MAX_SIZE));
    1 + size * row
}

/// Returns the cost of a page below a row of another list, which needs a statement for each such row.
pub fn nested_page_cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    50 + page_cost(first, last, row)
}

/// Converts a count to the schema's `Int`; larger counts give the maximum.
pub fn count(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
