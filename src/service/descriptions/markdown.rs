//! Markdown: a data dictionary for people, with a table of contents, a heading for each table, and for each schema a
//! diagram (Mermaid) of the declared foreign keys.
//!
//! The rules: all tables are in it, also those without a description, but no excluded table without one. The first pass
//! writes the contents and collects the foreign keys, of which a diagram shows a bounded number.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use async_trait::async_trait;

use super::{CatalogAsset, Head, Writer};
use crate::{
    domain::{
        Result,
        asset::{AssetKind, AssetPath, quote_part, split_last},
        description::{Origin, Texts},
        profile::DbProfile,
        search::KEY_END,
        text::visible,
    },
    service::export::markdown::{escaped, heading, row},
};

/// Maximum number of foreign keys in a diagram. Larger diagrams are unreadable.
const KEYS: usize = 100;

/// Writes Markdown.
pub struct Markdown {
    profile: Arc<DbProfile>,
    /// The foreign keys by schema.
    diagrams: BTreeMap<Section, Diagram>,
    /// The schema that is being written, in either pass.
    section: Option<Section>,
}

/// A schema: its database, if databases have names there, and its name.
type Section = (Option<String>, String);

/// The foreign keys of a schema's tables, as lines of Mermaid.
#[derive(Default)]
struct Diagram {
    lines: Vec<String>,
    left_out: usize,
}

impl Markdown {
    /// Creates the writer of a profile's data dictionary.
    pub const fn new(profile: Arc<DbProfile>) -> Self {
        Self { profile, diagrams: BTreeMap::new(), section: None }
    }

    /// Returns the schemas and tables to show, each with its columns.
    fn shown<'a>(&self, assets: &'a [CatalogAsset], what: Texts) -> Vec<(&'a CatalogAsset, &'a [CatalogAsset])> {
        assets
            .chunk_by(|one, next| one.asset.table_key == next.asset.table_key)
            .filter_map(|group| {
                let (first, columns) = group.split_first()?;
                let path = &first.asset.path;
                let schema = path.schema.as_deref()?;
                let is_excluded = path
                    .table
                    .as_deref()
                    .is_some_and(|table| self.profile.exclude.iter().any(|pattern| pattern.matches(schema, table)));
                let is_described = || group.iter().any(|asset| asset.description(what).is_some());
                (!is_excluded || is_described()).then_some((first, columns))
            })
            .collect()
    }

    /// Returns the section of an asset if it is not the one that is being written.
    fn next_section(&mut self, path: &AssetPath) -> Option<Section> {
        let section = (path.database.clone(), path.schema.clone().unwrap_or_default());
        if self.section.as_ref() == Some(&section) {
            return None;
        }
        self.section = Some(section.clone());
        Some(section)
    }

    fn collect_keys(&mut self, columns: &[CatalogAsset]) {
        for column in columns {
            let path = &column.asset.path;
            let (Some(schema), Some(line)) = (&path.schema, key_line(column)) else { continue };
            let diagram = self.diagrams.entry((path.database.clone(), schema.clone())).or_default();
            if diagram.lines.len() < KEYS {
                diagram.lines.push(line);
            } else {
                diagram.left_out += 1;
            }
        }
    }
}

#[async_trait]
impl Writer for Markdown {
    fn head(&mut self, head: &Head) -> Result<String> {
        let (name, time, texts) = (escaped(&head.db_profile), &head.exported_at, head.texts());
        Ok(format!("# Data dictionary of {name}\n\nExported by Gloss at {time}: {texts}.\n\n## Contents\n\n"))
    }

    fn has_contents(&self) -> bool {
        true
    }

    fn contents(&mut self, assets: &[CatalogAsset], what: Texts) -> String {
        // Writing to a string does not fail.
        let mut text = String::new();
        for (asset, columns) in self.shown(assets, what) {
            if let Some(section) = self.next_section(&asset.asset.path) {
                let _ = writeln!(text, "- [{}](#{})", escaped(&section.1), anchor_of(&section));
            }
            if let Some(table) = &asset.asset.path.table {
                let _ = writeln!(text, "  - [{}](#{})", escaped(table), anchor(&asset.asset.table_key));
            }
            self.collect_keys(columns);
        }
        text
    }

    async fn tables(&mut self, assets: &[CatalogAsset], what: Texts) -> Result<String> {
        let mut text = String::new();
        for (asset, columns) in self.shown(assets, what) {
            let path = &asset.asset.path;
            if let Some(section) = self.next_section(path) {
                let _ = writeln!(text, "\n## {}", titled(&section.1, &anchor_of(&section)));
                if path.table.is_none() {
                    text.push_str(&described(asset, what));
                }
                if let Some(diagram) = self.diagrams.remove(&section) {
                    text.push_str(&diagram.text());
                }
            }
            let Some(table) = &path.table else { continue };
            let _ = writeln!(text, "\n### {}", titled(table, &anchor(&asset.asset.table_key)));
            if path.kind != AssetKind::Table {
                let _ = writeln!(text, "\nA {}.", path.kind.noun());
            }
            text.push_str(&described(asset, what));
            if columns.is_empty() {
                continue;
            }
            text.push('\n');
            text.push_str(&heading(&["Column", "Type", "Key", "Null", "Description", "Origin"].map(str::to_owned)));
            columns.iter().for_each(|column| text.push_str(&column_row(column, what)));
        }
        Ok(text)
    }

    fn tables_begin(&mut self) {
        self.section = None;
    }

    fn end(&mut self) -> String {
        String::new()
    }
}

impl Diagram {
    fn text(&self) -> String {
        let diagram = format!("\n```mermaid\nerDiagram\n{}```\n", self.lines.concat());
        match self.left_out {
            0 => diagram,
            more => format!("{diagram}\n{more} more foreign keys are not shown.\n"),
        }
    }
}

/// Returns a heading's text with its anchor.
fn titled(name: &str, anchor: &str) -> String {
    format!("<a id=\"{anchor}\"></a>{}", escaped(name))
}

/// Returns the anchor of a schema or table: its key with all other characters than ASCII letters, digits and
/// underscores as numbers.
fn anchor(key: &str) -> String {
    let mut anchor = String::new();
    for c in key.trim_end_matches(KEY_END).chars() {
        match c {
            KEY_END => anchor.push('.'),
            c if c.is_ascii_alphanumeric() || c == '_' => anchor.push(c),
            // Writing to a string does not fail.
            c => {
                let _ = write!(anchor, "-{:x}-", u32::from(c));
            }
        }
    }
    anchor.trim_start_matches('.').to_owned()
}

fn anchor_of((database, schema): &Section) -> String {
    anchor(&format!("{}{KEY_END}{schema}", database.as_deref().unwrap_or_default()))
}

/// Returns an asset's description as a paragraph, or nothing.
fn described(asset: &CatalogAsset, what: Texts) -> String {
    let Some(description) = asset.description(what) else { return String::new() };
    let text = escaped(description.text);
    // At the start of a paragraph, more characters have a meaning.
    let text = match text.chars().next() {
        Some(c) if c.is_ascii_digit() => format!("&#{};{}", u32::from(c), &text[1..]),
        Some('#' | '-' | '+' | '>' | '=' | ':') => format!("\\{text}"),
        _ => text,
    };
    format!("\n{text} ({})\n", origin(description.origin))
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Accepted => "accepted",
        Origin::Comment => "comment",
    }
}

fn column_row(column: &CatalogAsset, what: Texts) -> String {
    let asset = &column.asset;
    let mut keys = Vec::new();
    if asset.primary_key {
        keys.push("primary key".to_owned());
    } else if asset.unique {
        keys.push("unique".to_owned());
    }
    if let Some(references) = &asset.references {
        let name = escaped(references);
        keys.push(match &asset.references_key {
            Some(key) => format!("→ [{name}](#{})", anchor(key)),
            None => format!("→ {name}"),
        });
    }
    let description = column.description(what);
    row([
        escaped(asset.path.column.as_deref().unwrap_or_default()),
        escaped(asset.data_type.as_deref().unwrap_or_default()),
        keys.join(", "),
        if asset.nullable { "yes" } else { "no" }.to_owned(),
        description.map(|it| escaped(it.text)).unwrap_or_default(),
        description.map(|it| origin(it.origin).to_owned()).unwrap_or_default(),
    ])
}

/// Returns a column's foreign key as a line of Mermaid; that of several columns with the first of them.
fn key_line(column: &CatalogAsset) -> Option<String> {
    let asset = &column.asset;
    let (name, table) = (asset.path.column.as_deref()?, asset.path.table.as_deref()?);
    let columns = match &asset.together {
        Some(key) if key.columns.first().is_some_and(|(first, _)| first != name) => return None,
        Some(key) => key.columns.iter().map(|(own, _)| own.as_str()).collect::<Vec<_>>().join(", "),
        None => name.to_owned(),
    };
    let (referenced, _) = split_last(asset.references.as_deref()?)?;
    let own = format!("{}.", quote_part(asset.path.schema.as_deref()?));
    let referenced = referenced.strip_prefix(&own).unwrap_or(referenced);
    let end = if asset.nullable { "o|" } else { "||" };
    Some(format!("    {} }}o--{end} {} : {}\n", entity(table), entity(referenced), entity(&columns)))
}

/// Returns a name for Mermaid, whose quoted names have no escapes.
fn entity(name: &str) -> String {
    format!("\"{}\"", visible(name).trim_matches('"').replace(['"', '%', '\\', '`', '<', '>'], "_"))
}
