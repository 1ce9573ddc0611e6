//! Relay's connections: what all of them share.
//!
//! The rule: `totalCount` and the facets are counted only when they are asked for, and a page's arguments are
//! checked in `domain::page` alone. A connection type of its own (`RunConnection`) wraps [`Rows`].

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

/// The rows of one page as a connection shows them.
pub struct Rows<N>(Page<N>);

impl<N: Clone> Rows<N> {
    /// The rows of a page of records.
    pub fn new<T>(page: Page<T>, shape: impl FnMut(T) -> N) -> Self {
        Self(page.map(shape))
    }

    /// Each row with its cursor, as an edge.
    pub fn edges<E>(&self, edge: impl Fn(String, N) -> E) -> Vec<E> {
        self.0.rows.iter().map(|(cursor, node)| edge(cursor.encode(), node.clone())).collect()
    }

    /// The rows.
    pub fn nodes(&self) -> Vec<N> {
        self.0.rows.iter().map(|(_, node)| node.clone()).collect()
    }

    /// Where the page stands.
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

/// A connection's arguments as `domain::page` takes them.
pub fn page_arguments(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArguments {
    PageArguments { first, after, last, before }
}

/// What a page costs: each of its rows what a row costs. Sizes out of range count as the largest; the page
/// itself refuses them.
pub fn page_cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    let size = first.or(last).map_or(DEFAULT_SIZE, |size| usize::try_from(size).unwrap_or(MAX_SIZE).min(MAX_SIZE));
    1 + size * row
}

/// What a page in a row of another list costs: a statement of its own for each such row.
pub fn nested_page_cost(first: Option<i32>, last: Option<i32>, row: usize) -> usize {
    50 + page_cost(first, last, row)
}

/// A count as the schema's `Int` holds it.
pub fn count(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
