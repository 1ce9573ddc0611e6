//! What a target database tells about itself: the live catalog, and what a table's data look like.
//!
//! The rule: a catalog is never lost for one object. A reader leaves out the part that it cannot read and says so in
//! [`Problems`].

use serde::{Deserialize, Serialize};

use super::{
    asset::{AssetKind, AssetPath},
    text::some_of,
};

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
    /// About how many rows, from the database's own statistics; `None` where it keeps none. A partitioned table has
    /// the rows of its partitions.
    pub row_estimate: Option<i64>,
    /// The table that this one is a partition of; `None` for other tables.
    pub partition_of: Option<TableName>,
}

/// The name of another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The schema; `None` where it is the same.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as the database spells it: `character varying(160)`, `INTEGER`, `enum('a','b')`.
    pub data_type: String,
    /// The built-in type beneath a type of the database's own: a domain's base type, or `enum`, `record`, `range` or
    /// `multirange`. `None` where `data_type` is built in.
    pub underlying: Option<String>,
    /// The values that its enumeration lists, exactly and in their order; empty where none are listed.
    pub values: Vec<String>,
    /// The values that its checks list, in the same way. They are among those of its enumeration.
    pub checked_values: Vec<String>,
    /// Whether it may be null.
    pub nullable: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// Whether a unique index or constraint stands on it alone.
    pub unique: bool,
}

impl Column {
    /// The values that it may have, where the database lists them: those of its checks, else those of its enumeration.
    #[must_use]
    pub fn allowed_values(&self) -> &[String] {
        if self.checked_values.is_empty() { &self.values } else { &self.checked_values }
    }

    /// The name of its type by which values are judged: the built-in one.
    #[must_use]
    pub fn built_in_type(&self) -> &str {
        self.underlying.as_deref().unwrap_or(&self.data_type)
    }
}

/// A foreign key: columns that together refer to a row of another table, or of the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The other table's schema; `None` where it is the table's own.
    pub schema: Option<String>,
    /// The other table.
    pub table: String,
    /// The columns of this table, each with its column there, in the key's order. Never empty.
    pub columns: Vec<(String, String)>,
}

impl ForeignKey {
    /// A key of one column to a table of the same schema.
    #[must_use]
    pub fn single(column: &str, table: &str, other: &str) -> Self {
        Self { schema: None, table: table.to_owned(), columns: vec![(column.to_owned(), other.to_owned())] }
    }

    /// Whether this column is part of it.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(own, _)| own == column)
    }

    /// The one column of this table, where there is only one.
    #[must_use]
    pub fn only_column(&self) -> Option<&str> {
        match self.columns.as_slice() {
            [(own, _)] => Some(own),
            _ => None,
        }
    }

    /// The columns of this table that refer together with this one.
    pub fn others<'k>(&'k self, column: &'k str) -> impl Iterator<Item = &'k str> {
        self.columns.iter().map(|(own, _)| own.as_str()).filter(move |own| *own != column)
    }

    /// `users.id`, or `stock.bin (warehouse_id, bin_no)` where several columns refer together; with the schema where
    /// it is another one. `part` spells each name.
    pub fn target(&self, part: impl Fn(&str) -> String) -> String {
        let table: Vec<String> = self.schema.iter().chain([&self.table]).map(|name| part(name)).collect();
        let columns: Vec<String> = self.columns.iter().map(|(_, other)| part(other)).collect();
        match columns.as_slice() {
            [one] => format!("{}.{one}", table.join(".")),
            several => format!("{} ({})", table.join("."), several.join(", ")),
        }
    }
}

/// What of a catalog cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// Objects that are left out because their names are not valid UTF-8, each with its noun and with escapes for the
    /// bytes that are not: ``column `parts.gr\xF6sse` ``.
    pub unnamed: Vec<String>,
    /// Everything else, a sentence for a person each, which names the object.
    pub others: Vec<String>,
}

impl Problems {
    /// Adds the problems of another part of the catalog.
    pub fn extend(&mut self, more: Self) {
        self.unnamed.extend(more.unnamed);
        self.others.extend(more.others);
    }

    /// A sentence for a person each; one for all the names.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let names = match self.unnamed.as_slice() {
            [] => None,
            [one] => Some(format!(
                "1 object is left out because its name is not valid UTF-8: {one}. To describe it, rename it."
            )),
            several => Some(format!(
                "{} objects are left out because their names are not valid UTF-8: {}. To describe them, rename them.",
                several.len(),
                some_of(several, ", ")
            )),
        };
        names.into_iter().chain(self.others.iter().cloned()).collect()
    }
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
    /// Its foreign keys, those of few columns first. A partitioned table has those of its partitions too.
    pub foreign_keys: Vec<ForeignKey>,
    /// The columns of its primary key and of each unique index or constraint that holds for all rows.
    pub unique_keys: Vec<Vec<String>>,
    /// Tables whose foreign keys point here, `schema.table` where the schema is another one, sorted. Partitions are
    /// not among them: their parents are.
    pub referenced_by: Vec<String>,
    /// What of it could not be read.
    pub problems: Problems,
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

    /// The foreign key that a column is part of: of several, the one of the fewest columns.
    #[must_use]
    pub fn foreign_key_of(&self, column: &str) -> Option<&ForeignKey> {
        self.foreign_keys.iter().find(|key| key.has(column))
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
    /// What could not be read, a sentence each.
    pub problems: Vec<String>,
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
