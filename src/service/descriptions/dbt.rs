//! dbt: a properties file that states the described schemas as sources.
//!
//! The rule: it holds what has a description, and the table of each column that has one. dbt has no place for the
//! description of a database.

use async_trait::async_trait;

use super::{CatalogAsset, Head, Writer};
use crate::domain::{
    Result,
    asset::AssetPath,
    dbt::{Entry, Level, SOURCES, VERSION},
    description::Texts,
};

/// The columns of the dashes before sources and tables.
const SOURCE: usize = 2;
const TABLE: usize = 6;

/// Writes a properties file.
#[derive(Default)]
pub struct Dbt {
    /// Whether a source was written.
    begun: bool,
    /// The schema that is being written: its database and its name.
    schema: (Option<String>, String),
    /// Whether a table of it was written.
    has_tables: bool,
}

impl Dbt {
    /// Writes the source of an asset, unless it is being written already.
    fn source(&mut self, path: &AssetPath, description: Option<&str>) -> String {
        let schema = (path.database.clone(), path.schema.clone().unwrap_or_default());
        if self.begun && self.schema == schema {
            return String::new();
        }
        let head = if self.begun { String::new() } else { format!("{SOURCES}:\n") };
        let source = Entry::new(Level::Source, &schema.1, description).block(SOURCE);
        (self.begun, self.schema, self.has_tables) = (true, schema, false);
        head + &source
    }
}

#[async_trait]
impl Writer for Dbt {
    fn head(&mut self, _: &Head) -> Result<String> {
        Ok(format!("{VERSION}\n"))
    }

    async fn tables(&mut self, assets: &[CatalogAsset], what: Texts) -> Result<String> {
        let description = |asset: &CatalogAsset| asset.description(what).map(|it| it.text.to_owned());
        let mut text = String::new();
        for group in assets.chunk_by(|one, next| one.asset.table_key == next.asset.table_key) {
            let (first, columns) = (&group[0], &group[1..]);
            let (path, own) = (&first.asset.path, description(first));
            let Some(table) = &path.table else {
                if path.schema.is_some() && own.is_some() {
                    text.push_str(&self.source(path, own.as_deref()));
                }
                continue;
            };
            let mut entry = Entry::new(Level::Table, table, own.as_deref());
            entry.entries = columns
                .iter()
                .filter_map(|column| {
                    let name = column.asset.path.column.as_deref()?;
                    Some(Entry::new(Level::Column, name, Some(&description(column)?)))
                })
                .collect();
            if entry.description.is_none() && entry.entries.is_empty() {
                continue;
            }
            text.push_str(&self.source(path, None));
            if !self.has_tables {
                text.push_str("    tables:\n");
                self.has_tables = true;
            }
            text.push_str(&entry.block(TABLE));
        }
        Ok(text)
    }

    fn end(&mut self) -> String {
        if self.begun { String::new() } else { format!("{SOURCES}: []\n") }
    }
}
