//! Tables one foreign key away from another, with what is known of them.

use super::{
    catalog::{ForeignKey, TableDetail},
    vocabulary::TableNames,
    words,
};

/// A table that references another one or is referenced by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Whether it is referenced, by a declared key or by a column's name. Otherwise, it references the other table.
    pub is_parent: bool,
    /// Its comment or accepted description.
    pub text: Option<String>,
    /// Its approximate number of rows.
    pub rows: Option<i64>,
    /// The name and type of its primary key; `None` if that has several columns, or if it was not read.
    pub key: Option<(String, String)>,
    /// What its keys stand for, if it is a small lookup table that was read.
    pub codes: Vec<(String, String)>,
}

impl Neighbour {
    /// The name for display, with the schema if it is not `schema`.
    #[must_use]
    pub fn name(&self, schema: &str) -> String {
        if self.schema == schema { self.table.clone() } else { format!("{}.{}", self.schema, self.table) }
    }

    /// Returns whether this is the table that a foreign key of `from` references.
    #[must_use]
    pub fn is_target(&self, key: &ForeignKey, from: &TableDetail) -> bool {
        self.is_parent && self.table == key.table && self.schema == *key.schema.as_ref().unwrap_or(&from.schema)
    }
}

/// Returns the schemas and names of the tables one foreign key away: first those that are referenced, then those that
/// reference, each once.
#[must_use]
pub fn near(table: &TableDetail) -> Vec<(String, String, bool)> {
    let parents = table.foreign_keys.iter().map(|key| (key.schema.clone(), key.table.clone(), true));
    // Another schema is part of the name.
    let children = table.referenced_by.iter().map(|name| match name.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name.to_owned(), false),
        None => (None, name.clone(), false),
    });
    let mut near = Vec::new();
    for (schema, name, is_parent) in parents.chain(children) {
        let one = (schema.unwrap_or_else(|| table.schema.clone()), name, is_parent);
        let is_itself = one.0 == table.schema && one.1 == table.table.name;
        if !is_itself && !near.contains(&one) {
            near.push(one);
        }
    }
    near
}

/// Returns the tables that identifiers without a declared key name, each once: `plants` for `plant_id`.
#[must_use]
pub fn named(table: &TableDetail, names: &TableNames) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for column in table.columns.iter().filter(|column| table.foreign_key_of(&column.name).is_none()) {
        let parts = words::split(&column.name);
        let Some((last, thing)) = parts.split_last() else { continue };
        let called = names.only_called(thing).filter(|_| last == "id");
        named.extend(called.filter(|name| *name != table.table.name).map(str::to_owned));
    }
    named.sort();
    named.dedup();
    named
}
