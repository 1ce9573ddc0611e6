//! What a target database tells about itself: the live catalog, and what a table's data look like.

use super::asset::{AssetKind, AssetPath};

/// A database of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its name; `def` where the server has no level above its schemas (MySQL, MariaDB), as their own
    /// information schema says.
    pub name: String,
    /// Its comment.
    pub comment: Option<String>,
}

/// A schema of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub comment: Option<String>,
}

/// A table or view, without its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `Table`, `View` or `MaterializedView`.
    pub kind: AssetKind,
    /// Its comment.
    pub comment: Option<String>,
    /// About how many rows, from the database's own statistics; `None` where it keeps none.
    pub row_estimate: Option<i64>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as the database spells it: `character varying(160)`, `INTEGER`, `enum('a','b')`.
    pub data_type: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// Whether a unique index or constraint stands on it alone.
    pub unique: bool,
    /// What it refers to by a foreign key.
    pub references: Option<Reference>,
}

/// The other end of a foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The schema; `None` where it is the table's own.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// A table with all that is known of its structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDetail {
    /// The database; `None` where there is no such level.
    pub database: Option<String>,
    /// The schema.
    pub schema: String,
    /// Name, kind, comment, row estimate.
    pub table: Table,
    /// Columns in their order in the table.
    pub columns: Vec<Column>,
    /// Tables whose foreign keys point here, `schema.table` where the schema is another one, sorted.
    pub referenced_by: Vec<String>,
}

impl TableDetail {
    /// The path of the table itself.
    #[must_use]
    pub fn path(&self) -> AssetPath {
        AssetPath {
            kind: self.table.kind,
            database: self.database.clone(),
            schema: Some(self.schema.clone()),
            table: Some(self.table.name.clone()),
            column: None,
        }
    }

    /// The path of one of its columns.
    #[must_use]
    pub fn column_path(&self, column: &str) -> AssetPath {
        AssetPath { kind: AssetKind::Column, column: Some(column.to_owned()), ..self.path() }
    }
}

/// What a bounded sample of a table's data looks like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableStatistics {
    /// Rows that were looked at.
    pub sampled_rows: i64,
    /// Whether that is the whole table.
    pub complete: bool,
    /// One per column, in the columns' order. Shorter or empty where time ran out.
    pub columns: Vec<ColumnStatistics>,
}

/// What the sampled values of one column look like.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    /// The column.
    pub name: String,
    /// Share of nulls in the sample, 0 to 1; `None` where the sample is empty.
    pub null_share: Option<f64>,
    /// Distinct values in the sample.
    pub distinct: Option<i64>,
    /// The smallest, as text; `None` for types without an order that means something.
    pub minimum: Option<String>,
    /// The largest, as text.
    pub maximum: Option<String>,
    /// Up to ten different values, as text, each cut at 80 characters.
    pub samples: Vec<String>,
}
