//! The live catalog: reads, filters and pages what a described database reports.
//!
//! The rule: everything is read when it is requested, and nothing is stored, so a caller sees what a run would find. A
//! page of tables is cut by name, as other pages are by key.

use crate::{
    domain::{
        Error, Result,
        catalog::{Database, Schema, Table, TableDetail},
        page::{Cursor, CursorPart, Page, PageArguments, PageDirection, PageRequest},
        profile::DbProfile,
    },
    port::{Ports, target::TargetError},
};

/// A filter on tables. `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub struct TableFilter {
    /// The exact name.
    pub name: Option<String>,
    /// A text in the name or the comment, ignoring case.
    pub search: Option<String>,
}

/// The use cases of the live catalog. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    ports: Ports,
}

impl Catalog {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Returns the databases that the profile reaches, or only the one with this name.
    ///
    /// # Errors
    /// Returns `Unavailable` if the target fails, and `Conflict` if the database belongs to Gloss itself.
    pub async fn databases(&self, profile: &DbProfile, name: Option<&str>) -> Result<Vec<Database>> {
        let target = self.ports.targets.open(profile).map_err(target_failure)?;
        let databases = target.databases().await.map_err(target_failure)?;
        Ok(databases.into_iter().filter(|database| name.is_none_or(|name| database.name == name)).collect())
    }

    /// Returns the schemas of a database, or only the one with this name.
    ///
    /// # Errors
    /// As [`Catalog::databases`].
    pub async fn schemas(&self, profile: &DbProfile, database: &str, name: Option<&str>) -> Result<Vec<Schema>> {
        let target = self.ports.targets.open(profile).map_err(target_failure)?;
        let schemas = target.schemas(Some(database)).await.map_err(target_failure)?;
        Ok(schemas.into_iter().filter(|schema| name.is_none_or(|name| schema.name == name)).collect())
    }

    /// Returns one page of a schema's tables by name, and the number of tables that pass the filter.
    ///
    /// # Errors
    /// As [`Catalog::databases`]; also `BadInput` for invalid page arguments.
    pub async fn tables(
        &self,
        profile: &DbProfile,
        database: &str,
        schema: &str,
        filter: &TableFilter,
        arguments: &PageArguments,
    ) -> Result<(Page<Table>, usize)> {
        let list = "tables:NAME:ASC";
        let request = PageRequest::new(arguments, list)?;
        let target = self.ports.targets.open(profile).map_err(target_failure)?;
        let mut tables = target.tables(Some(database), schema).await.map_err(target_failure)?;
        let needle = filter.search.as_deref().map(|text| text.trim().to_lowercase()).unwrap_or_default();
        tables.retain(|table| {
            filter.name.as_deref().is_none_or(|name| table.name == name)
                && (table.name.to_lowercase().contains(&needle)
                    || table.comment.as_deref().is_some_and(|comment| comment.to_lowercase().contains(&needle)))
        });
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        let total = tables.len();
        Ok((cut(tables, &request, list), total))
    }

    /// Reads the structure of some tables of one schema, with one call to the target.
    ///
    /// # Errors
    /// As [`Catalog::databases`].
    pub async fn details(
        &self,
        profile: &DbProfile,
        database: &str,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>> {
        let target = self.ports.targets.open(profile).map_err(target_failure)?;
        target.details(Some(database), schema, tables).await.map_err(target_failure)
    }

    /// Returns whether the database user may write comments, or `None` if the database cannot be reached.
    pub async fn can_write_comments(&self, profile: &DbProfile) -> Option<bool> {
        let target = self.ports.targets.open(profile).ok()?;
        target.can_write_comments().await.ok()
    }
}

/// Converts an error of a target to an error of a use case.
pub fn target_failure(error: TargetError) -> Error {
    match error {
        TargetError::Unreachable(message)
        | TargetError::Refused(message)
        | TargetError::TimedOut(message)
        | TargetError::Locked(message)
        | TargetError::Misconfigured(message) => Error::unavailable(message),
        TargetError::Moved(message) | TargetError::Own(message) => Error::conflict(message),
    }
}

/// Cuts a page from tables sorted by name.
fn cut(tables: Vec<Table>, request: &PageRequest, list: &str) -> Page<Table> {
    let (after, before) = match request.direction {
        PageDirection::Forward => (&request.from, &request.until),
        PageDirection::Backward => (&request.until, &request.from),
    };
    let start = after.as_ref().and_then(name_of).map_or(0, |name| tables.partition_point(|t| t.name.as_str() <= name));
    let stop = before
        .as_ref()
        .and_then(name_of)
        .map_or(tables.len(), |name| tables.partition_point(|t| t.name.as_str() < name))
        .max(start);
    let (begin, end) = match request.direction {
        PageDirection::Forward => (start, stop.min(start + request.size)),
        PageDirection::Backward => (start.max(stop.saturating_sub(request.size)), stop),
    };
    let total = tables.len();
    let rows = tables.into_iter().take(end).skip(begin);
    let cursor = |table: &Table| Cursor { list: list.to_owned(), key: vec![CursorPart::Text(table.name.clone())] };
    Page { rows: rows.map(|table| (cursor(&table), table)).collect(), has_next: end < total, has_previous: begin > 0 }
}

fn name_of(cursor: &Cursor) -> Option<&str> {
    match cursor.key.as_slice() {
        [CursorPart::Text(name)] => Some(name),
        _ => None,
    }
}
