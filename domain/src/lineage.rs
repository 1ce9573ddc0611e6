//! Column lineage: which other columns a view's column selects, a generated column is computed from, and a partition's
//! column belongs to.

use std::sync::Arc;

use super::catalog::{Column, TableDetail};

/// How a column comes from its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It is its source, perhaps cast or with a replacement for null. With several sources, it is one of them in each
    /// row, as in a union.
    Same,
    /// An aggregate of its sources, by the function's name in lower case. `count(*)` has no sources.
    Aggregate(String),
    /// Computed from its sources.
    Computed,
    /// The same column of the table that this one is a partition of.
    Partition,
}

/// A column of a table or view.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The table or view.
    pub table: Arc<TableDetail>,
    /// The index of the column in the table.
    pub column: usize,
}

impl Source {
    /// The column in the catalog.
    #[must_use]
    pub fn column(&self) -> &Column {
        &self.table.columns[self.column]
    }

    /// The name for display: `orders.status`, with the schema if it is not `schema`.
    #[must_use]
    pub fn name(&self, schema: &str) -> String {
        let (table, column) = (&self.table.table.name, &self.column().name);
        if self.table.schema == schema {
            format!("{table}.{column}")
        } else {
            format!("{}.{table}.{column}", self.table.schema)
        }
    }
}

/// Where a column comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// How it comes from the sources.
    pub how: How,
    /// The sources, each once; empty only for `count(*)`.
    pub sources: Vec<Source>,
}

impl Lineage {
    /// The source that the column repeats; `None` if it is computed, or one of several.
    #[must_use]
    pub fn same(&self) -> Option<&Source> {
        match (&self.how, self.sources.as_slice()) {
            (How::Same | How::Partition, [only]) => Some(only),
            _ => None,
        }
    }
}
