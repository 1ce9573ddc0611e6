//! Scopes: which schemas, tables and columns a run covers.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Error, Result, asset::quote_part, pattern::TablePattern, spelling::spelled};

/// The assets that a run covers. An empty list at a level includes everything below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunScope {
    /// The database; `None` if the profile covers only one.
    pub database: Option<String>,
    /// The schemas; empty includes all.
    pub schemas: Vec<SchemaScope>,
    /// Tables to exclude unless the scope names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<TablePattern>,
    /// How partitions are described.
    #[serde(default, skip_serializing_if = "PartitionMode::is_parent")]
    pub partitions: PartitionMode,
}

/// How a run describes partitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartitionMode {
    /// Through their parent table: partitions are not rows of the run.
    #[default]
    Parent,
    /// Each partition as a separate table, in addition to its parent.
    Each,
}

spelled!(PartitionMode { Parent => "PARENT", Each => "EACH" });

impl PartitionMode {
    /// Returns whether partitions are described through their parent.
    #[must_use]
    pub const fn is_parent(&self) -> bool {
        matches!(self, Self::Parent)
    }
}

/// One schema of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaScope {
    /// Its name.
    pub name: String,
    /// Its tables; empty includes all.
    pub tables: Vec<TableScope>,
}

/// One table of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableScope {
    /// Its name.
    pub name: String,
    /// Its columns; empty includes the table itself and all its columns.
    pub columns: Vec<String>,
}

/// Maximum number of tables that a summary names; it counts the rest.
const SUMMARY_PARTS: usize = 2;

impl RunScope {
    /// Checks that no name is empty or listed twice. `argument` is the path of the scope's argument: `input.targets.0`.
    ///
    /// # Errors
    /// Returns `BadInput` with the path of the first invalid name.
    pub fn validate(&self, argument: &str) -> Result<()> {
        if self.database.as_deref() == Some("") {
            return Err(Error::bad_input(
                format!("{argument}.database"),
                "the database's name is empty; write a name, or omit the field",
            ));
        }
        distinct(
            &format!("{argument}.schemas"),
            "schema",
            self.schemas.iter().map(|schema| schema.name.as_str()),
            ".name",
        )?;
        for (at, schema) in self.schemas.iter().enumerate() {
            let argument = format!("{argument}.schemas.{at}.tables");
            distinct(&argument, "table", schema.tables.iter().map(|table| table.name.as_str()), ".name")?;
            for (at, table) in schema.tables.iter().enumerate() {
                let argument = format!("{argument}.{at}.columns");
                distinct(&argument, "column", table.columns.iter().map(String::as_str), "")?;
            }
        }
        Ok(())
    }

    /// Adds a profile's exclusion patterns to those of the scope.
    #[must_use]
    pub fn also_without(mut self, patterns: &[TablePattern]) -> Self {
        for pattern in patterns {
            if !self.exclude.contains(pattern) {
                self.exclude.push(pattern.clone());
            }
        }
        self
    }

    /// Returns whether the scope excludes a table. Tables that the scope names are included regardless of the patterns.
    #[must_use]
    pub fn leaves_out(&self, schema: &str, table: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches(schema, table))
    }

    /// A one-line summary: `public.users, public.orders, +3 more`. If the scope names no schema, this is the database's
    /// name, or `everything`.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        for schema in &self.schemas {
            let schema_name = quote_part(&schema.name);
            if schema.tables.is_empty() {
                parts.push(schema_name.clone());
            }
            for table in &schema.tables {
                let table_name = format!("{schema_name}.{}", quote_part(&table.name));
                match table.columns.as_slice() {
                    [] => parts.push(table_name),
                    [column] => parts.push(format!("{table_name}.{}", quote_part(column))),
                    columns => parts.push(format!("{table_name} ({} columns)", columns.len())),
                }
            }
        }
        if parts.is_empty() {
            return self.database.as_deref().map_or_else(|| "everything".to_owned(), quote_part);
        }
        let rest = parts.len().saturating_sub(SUMMARY_PARTS);
        parts.truncate(SUMMARY_PARTS);
        if rest > 0 {
            parts.push(format!("+{rest} more"));
        }
        parts.join(", ")
    }
}

/// Checks that no name in one list is empty or listed twice.
fn distinct<'a>(argument: &str, noun: &str, names: impl Iterator<Item = &'a str>, suffix: &str) -> Result<()> {
    let mut seen = HashSet::new();
    for (at, name) in names.enumerate() {
        let path = || format!("{argument}.{at}{suffix}");
        if name.is_empty() {
            return Err(Error::bad_input(
                path(),
                format!("the name of a {noun} is empty; write a name, or leave the list empty to include all"),
            ));
        }
        if !seen.insert(name) {
            return Err(Error::bad_input(path(), format!("the {noun} {name:?} is listed twice; list it once")));
        }
    }
    Ok(())
}
