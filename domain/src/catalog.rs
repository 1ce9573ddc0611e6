//! What Gloss reads from a target: its live catalog, and statistics of its tables' data.
//!
//! The rule: one unreadable object never costs the whole catalog. A reader leaves out the part that it cannot read and
//! reports it in [`Problems`].

use serde::{Deserialize, Serialize};

use super::{
    asset::{AssetKind, AssetPath},
    text::some_of,
};

/// A database of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its name. Where the server has no level above its schemas (MySQL, MariaDB), this is `def`, as in their
    /// information schema.
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
    /// Approximate number of rows, from the database's statistics; `None` if it keeps none. For a partitioned table,
    /// this includes the rows of its partitions.
    pub row_estimate: Option<i64>,
    /// The table that this one is a partition of; `None` for other tables.
    pub partition_of: Option<TableName>,
}

/// The name of another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The schema; `None` if it is the schema of the table that refers to it.
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
    /// The built-in type beneath a user-defined type: a domain's base type, or `enum`, `record`, `range` or
    /// `multirange`. `None` if `data_type` is built in.
    pub underlying: Option<String>,
    /// The values of its enumeration, verbatim and in the declared order; empty if it is not an enumeration.
    pub values: Vec<String>,
    /// The values that its check constraints list, verbatim. They are a subset of the enumeration's values, if it has
    /// any.
    pub checked_values: Vec<String>,
    /// Whether the column is nullable.
    pub nullable: bool,
    /// What a new row gets if it gives no value, as SQL: `'open'`, `now()`. `None` if that is null or computed.
    pub default: Option<String>,
    /// The expression from which the database computes the column; `None` for ordinary columns.
    pub generated: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// Whether a unique index or constraint covers this column alone.
    pub unique: bool,
}

impl Column {
    /// The values that the column may have, if the database lists them: those of its checks, otherwise those of its
    /// enumeration. Empty if it lists none.
    #[must_use]
    pub fn allowed_values(&self) -> &[String] {
        if self.checked_values.is_empty() { &self.values } else { &self.checked_values }
    }

    /// The built-in type that decides how values are interpreted.
    #[must_use]
    pub fn built_in_type(&self) -> &str {
        self.underlying.as_deref().unwrap_or(&self.data_type)
    }
}

/// A foreign key: columns that together reference a row of another table or of the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The referenced table's schema; `None` if it is the table's own.
    pub schema: Option<String>,
    /// The referenced table.
    pub table: String,
    /// The columns of this table, each with the column that it references, in the key's order. Never empty.
    pub columns: Vec<(String, String)>,
}

impl ForeignKey {
    /// Creates a foreign key of one column to a table in the same schema.
    #[must_use]
    pub fn single(column: &str, table: &str, other: &str) -> Self {
        Self { schema: None, table: table.to_owned(), columns: vec![(column.to_owned(), other.to_owned())] }
    }

    /// Returns whether this column is part of the key.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(own, _)| own == column)
    }

    /// The key's column in this table; `None` if the key has several.
    #[must_use]
    pub fn only_column(&self) -> Option<&str> {
        match self.columns.as_slice() {
            [(own, _)] => Some(own),
            _ => None,
        }
    }

    /// The other columns of this table in the key.
    pub fn others<'k>(&'k self, column: &'k str) -> impl Iterator<Item = &'k str> {
        self.columns.iter().map(|(own, _)| own.as_str()).filter(move |own| *own != column)
    }

    /// The referenced columns as text: `users.id`, or `stock.bin (warehouse_id, bin_no)` for a key of several columns.
    /// The schema is included if it is not the table's own. `part` spells each name.
    pub fn target(&self, part: impl Fn(&str) -> String) -> String {
        let table: Vec<String> = self.schema.iter().chain([&self.table]).map(|name| part(name)).collect();
        let columns: Vec<String> = self.columns.iter().map(|(_, other)| part(other)).collect();
        match columns.as_slice() {
            [one] => format!("{}.{one}", table.join(".")),
            several => format!("{} ({})", table.join("."), several.join(", ")),
        }
    }
}

/// A comparison that a check constraint demands of a column. Rows where the column is null fulfil it, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The column.
    pub column: String,
    /// How it compares.
    pub is: Comparison,
    /// With what it is compared.
    pub than: Operand,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Comparison {
    /// The comparison with both sides exchanged.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Above => Self::Below,
            Self::AtLeast => Self::AtMost,
            Self::Below => Self::Above,
            Self::AtMost => Self::AtLeast,
        }
    }
}

/// With what a column is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A literal, without quotes.
    Value(String),
    /// Another column of the table. The column that is compared is then the larger one.
    Column(String),
}

/// What a database enforces in a table, besides keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// The expressions of its check constraints, as the database prints them, without plain lists of values.
    pub checks: Vec<String>,
    /// The comparisons in these checks.
    pub bounds: Vec<Bound>,
    /// The names of its triggers, sorted.
    pub triggers: Vec<String>,
    /// How it is partitioned: `RANGE (placed_at)`; `None` for other tables.
    pub partitioned_by: Option<String>,
    /// Which rows a partition holds: `FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`; `None` for other tables.
    pub partition_bound: Option<String>,
}

/// The parts of a catalog that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// Objects that are left out because their names are not valid UTF-8. Each entry is the noun and the name, with
    /// escapes for the invalid bytes: ``column `parts.gr\xF6sse` ``.
    pub unnamed: Vec<String>,
    /// All other problems, each a sentence that names the object.
    pub others: Vec<String>,
}

impl Problems {
    /// Adds the problems of another part of the catalog.
    pub fn extend(&mut self, more: Self) {
        self.unnamed.extend(more.unnamed);
        self.others.extend(more.others);
    }

    /// One sentence per problem; all invalid names share one sentence.
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

/// A table and its structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDetail {
    /// The database; `None` where the server has no level above its schemas.
    pub database: Option<String>,
    /// The schema.
    pub schema: String,
    /// Name, kind, comment and row estimate.
    pub table: Table,
    /// The columns, in the table's order.
    pub columns: Vec<Column>,
    /// The foreign keys, those with the fewest columns first. A partitioned table includes the keys of its partitions.
    pub foreign_keys: Vec<ForeignKey>,
    /// The columns of the primary key and of each unique index or constraint that covers all rows.
    pub unique_keys: Vec<Vec<String>>,
    /// The tables whose foreign keys reference this one, sorted; `schema.table` if the schema differs. A partition is
    /// represented by its parent.
    pub referenced_by: Vec<String>,
    /// The statement that defines a view, as the database prints it; `None` for tables, and if it cannot be read.
    pub definition: Option<String>,
    /// What the database enforces besides keys.
    pub rules: Rules,
    /// The parts of the table that could not be read.
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

    /// The foreign key that contains a column; if there are several, the one with the fewest columns.
    #[must_use]
    pub fn foreign_key_of(&self, column: &str) -> Option<&ForeignKey> {
        self.foreign_keys.iter().find(|key| key.has(column))
    }

    /// The path of one of the table's columns.
    #[must_use]
    pub fn column_path(&self, column: &str) -> AssetPath {
        AssetPath { kind: AssetKind::Column, column: Some(column.to_owned()), ..self.path() }
    }
}

/// Statistics of a bounded sample of a table's data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableStatistics {
    /// Number of rows in the sample.
    pub sampled_rows: i64,
    /// Whether the sample is the whole table.
    pub complete: bool,
    /// One entry per column, in the table's order. Shorter or empty if time ran out.
    pub columns: Vec<ColumnStatistics>,
    /// All rows of a table that has only a few, with one value per column, each cut to 80 characters. A null and a
    /// value that is not shown are `None`. Empty for larger tables.
    pub rows: Vec<Vec<Option<String>>>,
    /// What could not be read, one sentence each.
    pub problems: Vec<String>,
}

/// Statistics of the sampled values of one column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    /// The column.
    pub name: String,
    /// Share of nulls in the sample, 0 to 1; `None` if the sample is empty.
    pub null_share: Option<f64>,
    /// Number of distinct values in the sample.
    pub distinct: Option<i64>,
    /// The smallest value as text; `None` for types without a meaningful order.
    pub minimum: Option<String>,
    /// The largest value as text; `None` for types without a meaningful order.
    pub maximum: Option<String>,
    /// Up to ten distinct values as text, each cut to 80 characters.
    pub samples: Vec<String>,
    /// An earlier column that has the same value in every row of the sample.
    pub copy_of: Option<String>,
    /// An earlier column with points in time that are never later than those of this column.
    pub not_before: Option<String>,
}
