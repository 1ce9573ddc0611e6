//! Scopes: which schemas, tables and columns a run covers.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{Error, Result, asset::quote_part, pattern::TablePattern, spelling::spelled};

/// What a run covers. Naming nothing at a level means everything below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunScope {
    /// The database; `None` where the profile reaches only one.
    pub database: Option<String>,
    /// The schemas; none means all.
    pub schemas: Vec<SchemaScope>,
    /// Tables to leave out unless the scope names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<TablePattern>,
    /// How partitions are taken.
    #[serde(default, skip_serializing_if = "PartitionMode::is_parent")]
    pub partitions: PartitionMode,
}

/// How the partitions of a table are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartitionMode {
    /// Through their parent: they are no rows.
    #[default]
    Parent,
    /// Each as a table of its own, beside the parent.
    Each,
}

spelled!(PartitionMode { Parent => "PARENT", Each => "EACH" });

impl PartitionMode {
    /// Whether partitions are described through their parent.
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
    /// Its tables; none means all.
    pub tables: Vec<TableScope>,
}

/// One table of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableScope {
    /// Its name.
    pub name: String,
    /// Its columns; none means the table itself and all its columns.
    pub columns: Vec<String>,
}

/// How many tables a summary names before it counts.
const SUMMARY_PARTS: usize = 2;

impl RunScope {
    /// Refuses empty names and names that stand twice. `argument` is the path of the scope's argument,
    /// `input.targets.0`.
    ///
    /// # Errors
    /// `BadInput` with the path of the name at fault.
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

    /// The scope with a profile's own patterns beside its own.
    #[must_use]
    pub fn also_without(mut self, patterns: &[TablePattern]) -> Self {
        for pattern in patterns {
            if !self.exclude.contains(pattern) {
                self.exclude.push(pattern.clone());
            }
        }
        self
    }

    /// Whether a table that the scope does not name is left out.
    #[must_use]
    pub fn leaves_out(&self, schema: &str, table: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches(schema, table))
    }

    /// One line for a person: `public.users, public.orders, +3 more`; `everything` when nothing is named,
    /// or the database's name.
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

/// Refuses an empty name and a name that stands twice in one list.
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
