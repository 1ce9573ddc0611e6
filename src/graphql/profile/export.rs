//! The descriptions of a database as one text for the API, and as a stream of text for the HTTP server.

use std::sync::Arc;

use async_graphql::{Enum, ID};

use crate::{
    domain::{Error, Result, description, id::DbProfileId},
    graphql::{
        export::{CSV, DBT, Export, JSON, MARKDOWN, SQL},
        ids::Key,
    },
    service::{
        Services,
        descriptions::{self, Selection},
    },
};

/// The format of an export of descriptions.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "descriptions::DescriptionsFormat")]
pub enum DescriptionsFormat {
    /// One table (RFC 4180) with a record for each described asset.
    Csv,
    /// One object with `assets`.
    Json,
    /// A data dictionary for people: all tables and columns, with links and a diagram of the foreign keys.
    Markdown,
    /// A script that writes the descriptions as comments. It is made for the database as it is now, which must be
    /// reachable. A comment that the database cannot carry is a line that says so.
    Sql,
    /// A properties file of dbt (`schema.yml`) that states the described schemas as sources.
    Dbt,
}

/// Which texts are descriptions.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "description::Texts")]
pub enum DescriptionTexts {
    /// The text of each asset that a review last accepted, whether it was applied or not.
    Accepted,
    /// The comments in the database, as they were last read.
    Comments,
    /// Accepted texts that are not applied yet, and for other assets the comments.
    Both,
}

/// The unchecked parameters of an export.
#[derive(Debug, Clone, Default)]
pub struct DescriptionsExport {
    /// The profile's global id.
    pub profile: Option<String>,
    /// `csv`, `json`, `md`, `sql` or `dbt`.
    pub format: Option<String>,
    /// `ACCEPTED`, `COMMENTS` or `BOTH`.
    pub what: Option<String>,
    /// Only these schemas; all if empty.
    pub schemas: Vec<String>,
}

impl DescriptionsExport {
    /// Opens the export.
    pub(in crate::graphql) async fn open(self, services: &Services) -> Result<Export> {
        let (format, kind) = match self.format.as_deref() {
            Some("csv") => (descriptions::DescriptionsFormat::Csv, CSV),
            Some("json") => (descriptions::DescriptionsFormat::Json, JSON),
            Some("md") => (descriptions::DescriptionsFormat::Markdown, MARKDOWN),
            Some("sql") => (descriptions::DescriptionsFormat::Sql, SQL),
            Some("dbt") => (descriptions::DescriptionsFormat::Dbt, DBT),
            _ => return Err(Error::bad_input("format", "set `format` to `csv`, `json`, `md`, `sql` or `dbt`")),
        };
        let what = match self.what.as_deref() {
            None => description::Texts::default(),
            Some(what) => what.parse().map_err(|_| {
                Error::bad_input("what", "set `what` to `ACCEPTED`, `COMMENTS` or `BOTH`, or leave it out")
            })?,
        };
        let Some(profile) = self.profile else {
            return Err(Error::bad_input("profile", "set `profile` to the id of a DB profile"));
        };
        let id = DbProfileId::from_argument(&ID(profile), "profile")?;
        let profile = Arc::new(services.descriptions.profile(id).await?);
        let name = format!("descriptions-{}", profile.name);
        let schemas = Some(self.schemas).filter(|schemas| !schemas.is_empty());
        let text = services.descriptions.export(profile, Selection { format, what, schemas }).await?;
        Ok(Export::new(&name, kind, text))
    }
}
