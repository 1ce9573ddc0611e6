//! The common parts of Relay's connections.
//!
//! The rules: `totalCount` and the facets are counted only if they are selected, and only `domain::page` checks a
//! page's arguments. Each connection type, for example `RunConnection`, wraps [`Rows`].

use async_graphql::SimpleObject;

use crate::domain::page::{Cursor, DEFAULT_SIZE, MAX_SIZE, Page, PageArguments};

/// The position of a page in its list.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
pub struct PageInfo {
    /// Whether there are records after this page.
    has_next_page: bool,
    /// Whether there are records before this page.
    has_previous_page: bool,
    /// The cursor of the first record; null on an empty page. Pass it as `before` to get the previous page.
    start_cursor: Option<String>,
    /// The cursor of the last record; null on an empty page. Pass it as `after` to get the next page.
    end_cursor: Option<String>,
}

/// The rows of one page, in the forms that a connection shows.
pub struct Rows<N>(Page<N>);

impl<N: Clone> Rows<N> {
    /// Converts a page of records.
    pub fn new<T>(page: Page<T>, shape: impl FnMut(T) -> N) -> Self {
        Self(page.map(shape))
    }

    /// Returns each row with its cursor, as an edge.
    pub fn edges<E>(&self, edge: impl Fn(String, N) -> E) -> Vec<E> {
        self.0.rows.iter().map(|(cursor, node)| edge(cursor.encode(), node.clone())).collect()
    }

    /// Returns the rows.
    pub fn nodes(&self) -> Vec<N> {
        self.0.rows.iter().map(|(_, node)| node.clone()).collect()
    }

    /// Returns the position of the page.
    pub fn page_info(&self) -> PageInfo {
        let cursor = |row: Option<&(Cursor, N)>| row.map(|(cursor, _)| cursor.encode());
        PageInfo {
            has_next_page: self.0.has_next,
            has_previous_page: self.0.has_previous,
            start_cursor: cursor(self.0.rows.first()),
            end_cursor: cursor(self.0.rows.last()),
        }
    }
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
