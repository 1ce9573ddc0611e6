//! What the files of a dbt project should say: the described schemas, tables and columns of an export.

use serde::Deserialize;

use super::merge::matching;
use crate::{
    cli::dbt::is_literal,
    domain::dbt::{Entry, Level},
};

/// An export in JSON.
#[derive(Deserialize)]
struct Exported {
    backend: String,
    assets: Vec<Described>,
}

/// A described asset.
#[derive(Deserialize)]
struct Described {
    database: Option<String>,
    schema: Option<String>,
    table: Option<String>,
    column: Option<String>,
    description: String,
}

/// A schema with its described tables.
pub struct Schema {
    /// Its database, where dbt knows it by the same name.
    database: Option<String>,
    /// The schema as a source.
    pub source: Entry,
    /// Which of its tables are stated in a file.
    pub stated: Vec<bool>,
    /// Whether a file states it as a source.
    pub is_stated: bool,
}

impl Schema {
    /// Returns the tables that no file states.
    pub fn missing(&self) -> impl Iterator<Item = Entry> {
        self.source.entries.iter().zip(&self.stated).filter(|(_, stated)| !**stated).map(|(table, _)| table.clone())
    }
}

/// Where a table is among the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The index of the schema.
    pub schema: usize,
    /// The index of the table in it.
    pub table: usize,
}

/// All described schemas.
pub struct Wanted(pub Vec<Schema>);

impl Wanted {
    /// Reads an export in JSON.
    ///
    /// # Errors
    /// Returns an error if it is not one.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let exported: Exported = serde_json::from_str(json)?;
        // The file of a SQLite database has no name in dbt.
        let is_named = exported.backend != "SQLITE";
        let mut schemas: Vec<Schema> = Vec::new();
        for asset in exported.assets {
            let Some(name) = asset.schema else { continue };
            let database = asset.database.filter(|_| is_named);
            if schemas.last().is_none_or(|last| last.source.name != name || last.database != database) {
                let source = Entry::new(Level::Source, &name, None);
                schemas.push(Schema { database, source, stated: Vec::new(), is_stated: false });
            }
            let Some(schema) = schemas.last_mut() else { continue };
            let Some(table) = asset.table else {
                schema.source.description = Some(asset.description);
                continue;
            };
            let tables = &mut schema.source.entries;
            if tables.last().is_none_or(|last| last.name != table) {
                tables.push(Entry::new(Level::Table, &table, None));
            }
            let Some(entry) = tables.last_mut() else { continue };
            match asset.column {
                None => entry.description = Some(asset.description),
                Some(column) => entry.entries.push(Entry::new(Level::Column, &column, Some(&asset.description))),
            }
        }
        Ok(Self(schemas))
    }

    /// Returns the schema with this name in this database.
    pub fn schema(&self, name: &str, database: Option<&str>) -> Option<usize> {
        let database = database.filter(|it| is_literal(it)).map(str::to_lowercase);
        let is_in = |schema: &Schema| match (&database, &schema.database) {
            (Some(theirs), Some(ours)) => *theirs == ours.to_lowercase(),
            _ => true,
        };
        let candidates: Vec<usize> = (0..self.0.len()).filter(|at| is_in(&self.0[*at])).collect();
        matching(&candidates, name, |at| self.0[*at].source.name.as_str()).copied()
    }

    /// Returns the table of a schema with this name.
    pub fn table(&self, schema: usize, name: &str) -> Option<Place> {
        let tables = &self.0[schema].source.entries;
        let found = matching(tables, name, |table| table.name.as_str())?;
        let table = tables.iter().position(|table| std::ptr::eq(table, found))?;
        Some(Place { schema, table })
    }

    /// Returns the tables that dbt may build under this name, in a schema with this suffix, and that are no sources.
    pub fn built(&self, name: &str, suffix: Option<&str>, is_source: impl Fn(Place) -> bool) -> Vec<Place> {
        let suffix = suffix.filter(|it| is_literal(it)).map(str::to_lowercase);
        let mut found: Vec<Place> = (0..self.0.len())
            .filter_map(|schema| self.table(schema, name))
            .filter(|place| !is_source(*place))
            .collect();
        if let Some(suffix) = suffix.filter(|_| found.len() > 1) {
            found.retain(|place| {
                let schema = self.0[place.schema].source.name.to_lowercase();
                schema.strip_suffix(&suffix).is_some_and(|before| before.is_empty() || before.ends_with('_'))
            });
        }
        found
    }

    /// Returns what is described of a table.
    pub fn entry(&self, place: Place) -> &Entry {
        &self.0[place.schema].source.entries[place.table]
    }
}
