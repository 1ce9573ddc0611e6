//! Exports what is documented of a database: accepted texts, comments, or both.
//!
//! The rules: an export reads the indexed catalog, some tables at a time. If the catalog was never read, it is read
//! first. Each description says where it is from. To add a format, implement `Writer` and add it to
//! [`DescriptionsFormat`].

mod csv;
mod dbt;
mod json;
mod markdown;
mod sql;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;

use super::{
    catalog::target_failure,
    export::{collected, spelled_moment},
    searches::Searches,
};
use crate::{
    domain::{
        Error, Result,
        description::{CatalogAsset, Texts},
        id::DbProfileId,
        page::{Cursor, CursorPart, Page, PageArguments, PageRequest},
        profile::DbProfile,
        spelling::spelled,
        text::some_of,
    },
    port::Ports,
};

/// Number of tables read at a time.
const TABLES_AT_ONCE: u64 = 20;

/// The format of an export of descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DescriptionsFormat {
    /// A table as in RFC 4180.
    Csv,
    /// A JSON object.
    Json,
    /// A data dictionary for people.
    Markdown,
    /// A script that writes the comments.
    Sql,
    /// A properties file of dbt.
    Dbt,
}

spelled!(DescriptionsFormat {
    Csv => "CSV",
    Json => "JSON",
    Markdown => "MARKDOWN",
    Sql => "SQL",
    Dbt => "DBT",
});

/// What to export.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The format.
    pub format: DescriptionsFormat,
    /// Which texts.
    pub what: Texts,
    /// Only these schemas; all if `None`.
    pub schemas: Option<Vec<String>>,
}

/// The use case of exporting descriptions. Cheap to clone.
#[derive(Clone)]
pub struct Descriptions {
    ports: Ports,
    searches: Searches,
}

/// What an export says about itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    db_profile: String,
    backend: &'static str,
    what: &'static str,
    #[serde(skip)]
    texts: Texts,
    exported_at: String,
}

impl Head {
    /// Returns the kind of texts in words.
    fn texts(&self) -> &'static str {
        match self.texts {
            Texts::Accepted => "accepted texts",
            Texts::Comments => "the comments in the database",
            Texts::Both => "accepted texts that are not applied yet, and the comments in the database",
        }
    }
}

/// A described asset.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    database: Option<&'a str>,
    schema: Option<&'a str>,
    table: Option<&'a str>,
    column: Option<&'a str>,
    #[serde(rename = "type")]
    data_type: Option<&'a str>,
    description: &'a str,
    origin: &'static str,
}

impl<'a> Line<'a> {
    /// Returns the line of an asset that has a description.
    fn of(asset: &'a CatalogAsset, what: Texts) -> Option<Self> {
        let description = asset.description(what)?;
        let path = &asset.asset.path;
        Some(Self {
            kind: path.kind.as_str(),
            database: path.database.as_deref(),
            schema: path.schema.as_deref(),
            table: path.table.as_deref(),
            column: path.column.as_deref(),
            data_type: asset.asset.data_type.as_deref(),
            description: description.text,
            origin: description.origin.as_str(),
        })
    }
}

/// Writes a format in pieces.
#[async_trait]
trait Writer: Send {
    fn head(&mut self, head: &Head) -> Result<String>;
    /// Whether the format begins with a table of contents, which needs a first pass over all tables.
    fn has_contents(&self) -> bool {
        false
    }
    /// Writes some tables into the table of contents.
    fn contents(&mut self, _: &[CatalogAsset], _: Texts) -> String {
        String::new()
    }
    /// Begins the pass that writes the tables.
    fn tables_begin(&mut self) {}
    /// Writes some tables, each followed by its columns.
    async fn tables(&mut self, assets: &[CatalogAsset], what: Texts) -> Result<String>;
    fn end(&mut self) -> String;
}

/// What is written next, after the table with this key.
enum Pass {
    Contents(String),
    Tables(String),
    Done,
}

impl Descriptions {
    /// Creates the use case over these ports. `searches` reads catalogs that were never read.
    #[must_use]
    pub const fn new(ports: Ports, searches: Searches) -> Self {
        Self { ports, searches }
    }

    /// Returns the profile with this id.
    ///
    /// # Errors
    /// Returns `NotFound` if there is none.
    pub async fn profile(&self, id: DbProfileId) -> Result<DbProfile> {
        let found = self.ports.store.db_profiles_by_id(&[id]).await?.remove(&id);
        found.ok_or_else(|| {
            Error::not_found_at("profile", "no DB profile has this id; list the profiles with `dbProfiles`")
        })
    }

    /// Exports the descriptions of a profile's database as a stream of pieces. Every error of the request is found
    /// before the first piece.
    ///
    /// # Errors
    /// Returns `BadInput` for an unknown schema, and `Unavailable` if the catalog was never read and cannot be read
    /// now.
    pub async fn export(
        &self,
        profile: Arc<DbProfile>,
        selection: Selection,
    ) -> Result<impl Stream<Item = Result<String>> + Send + 'static> {
        self.searches.read_if_unread(&profile).await?;
        self.check_schemas(&profile, selection.schemas.as_deref()).await?;
        let Selection { format, what, schemas } = selection;
        let mut writer: Box<dyn Writer> = match format {
            DescriptionsFormat::Csv => Box::new(csv::Csv),
            DescriptionsFormat::Json => Box::new(json::Json::default()),
            DescriptionsFormat::Markdown => Box::new(markdown::Markdown::new(Arc::clone(&profile))),
            DescriptionsFormat::Dbt => Box::new(dbt::Dbt::default()),
            DescriptionsFormat::Sql => {
                Box::new(sql::Sql::new(self.ports.targets.open(&profile).map_err(target_failure)?))
            }
        };
        let first = writer.head(&Head {
            db_profile: profile.name.clone(),
            backend: profile.backend.as_str(),
            what: what.as_str(),
            texts: what,
            exported_at: spelled_moment(self.ports.clock.now()),
        })?;
        let store = Arc::clone(&self.ports.store);
        let pass = if writer.has_contents() { Pass::Contents } else { Pass::Tables };
        let begin = (pass(String::new()), writer);
        let rest = stream::try_unfold(begin, move |(pass, mut writer)| {
            let (store, profile, schemas) = (Arc::clone(&store), Arc::clone(&profile), schemas.clone());
            async move {
                let (after, is_contents) = match pass {
                    Pass::Contents(after) => (after, true),
                    Pass::Tables(after) => (after, false),
                    Pass::Done => return Ok(None),
                };
                let assets = store.catalog_after(profile.id, schemas.as_deref(), &after, TABLES_AT_ONCE).await?;
                let last = assets.last().map(|last| last.asset.table_key.clone());
                let (piece, next) = match (is_contents, last) {
                    (true, Some(last)) => (writer.contents(&assets, what), Pass::Contents(last)),
                    (true, None) => {
                        writer.tables_begin();
                        (String::new(), Pass::Tables(String::new()))
                    }
                    (false, Some(last)) => (writer.tables(&assets, what).await?, Pass::Tables(last)),
                    (false, None) => (writer.end(), Pass::Done),
                };
                Ok(Some((piece, (next, writer))))
            }
        });
        Ok(stream::iter([Ok(first)]).chain(rest))
    }

    /// Exports the descriptions of a profile's database as one text.
    ///
    /// # Errors
    /// As [`Descriptions::export`]; also `LimitExceeded` above
    /// [`EXPORT_LIMIT_BYTES`](crate::service::export::EXPORT_LIMIT_BYTES).
    pub async fn export_text(&self, profile: Arc<DbProfile>, selection: Selection) -> Result<String> {
        collected(self.export(profile, selection).await?, "/export/descriptions").await
    }

    /// Returns one page, forward, of the schemas and tables of a profile's catalog, each with its columns.
    ///
    /// # Errors
    /// Returns `BadInput` for an unknown schema or invalid page arguments, and `Unavailable` if the catalog was never
    /// read and cannot be read now.
    pub async fn catalog(
        &self,
        profile: &DbProfile,
        schemas: Option<&[String]>,
        arguments: &PageArguments,
    ) -> Result<Page<Vec<CatalogAsset>>> {
        self.searches.read_if_unread(profile).await?;
        self.check_schemas(profile, schemas).await?;
        let list = format!("catalog:{}", profile.id);
        let request = PageRequest::new(arguments, &list)?;
        let after = request.from.as_ref().and_then(|cursor| match cursor.key.as_slice() {
            [CursorPart::Text(after)] => Some(after.as_str()),
            _ => None,
        });
        let limit = u64::try_from(request.size).unwrap_or(u64::MAX).saturating_add(1);
        let found = self.ports.store.catalog_after(profile.id, schemas, after.unwrap_or_default(), limit).await?;
        let tables = found.chunk_by(|one, next| one.asset.table_key == next.asset.table_key);
        let row = |table: &[CatalogAsset]| {
            let key = table.first().map(|first| CursorPart::Text(first.asset.table_key.clone()));
            (Cursor { list: list.clone(), key: key.into_iter().collect() }, table.to_vec())
        };
        let mut rows: Vec<(Cursor, Vec<CatalogAsset>)> = tables.map(row).collect();
        let has_next = rows.len() > request.size;
        rows.truncate(request.size);
        Ok(Page { rows, has_next, has_previous: after.is_some() })
    }

    async fn check_schemas(&self, profile: &DbProfile, schemas: Option<&[String]>) -> Result<()> {
        let Some(schemas) = schemas else { return Ok(()) };
        let known = self.ports.store.catalog_schemas(profile.id).await?;
        let Some(unknown) = schemas.iter().find(|schema| !known.contains(schema)) else { return Ok(()) };
        let message = if known.is_empty() {
            format!("there is no schema {unknown:?}: the catalog of {} has none", profile.name)
        } else {
            format!(
                "there is no schema {unknown:?} in the catalog of {}; choose {}",
                profile.name,
                some_of(&known, ", ")
            )
        };
        Err(Error::bad_input("schemas", message))
    }
}
