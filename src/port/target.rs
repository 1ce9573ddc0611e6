//! Targets: the databases that are described.
//!
//! The rules: Gloss writes nothing to them but comments, waits only briefly for locks, and never scans a large table as
//! a whole. To add a kind of database, see `target/`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use secrecy::SecretString;

use crate::domain::{
    asset::AssetPath,
    catalog::{Database, Problems, Schema, Table, TableDetail, TableStatistics},
    identity::Identity,
    profile::{DbBackend, DbProfile},
};

/// Why a target failed. The texts are shown to people, so they contain no password and no SQL statement.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TargetError {
    /// The database cannot be reached, or refuses the login. The text says what to check.
    #[error("{0}")]
    Unreachable(String),
    /// The database answered, but the requested object does not exist or access is denied.
    #[error("{0}")]
    Refused(String),
    /// No answer within the time limit.
    #[error("{0}")]
    TimedOut(String),
    /// Another session holds a lock on the object to write. Nothing was written.
    #[error("{0}")]
    Locked(String),
    /// The URL or the profile cannot be used.
    #[error("{0}")]
    Misconfigured(String),
    /// Another database than the expected one answered. The text says which one.
    #[error("{0}")]
    Moved(String),
    /// The database belongs to Gloss: its store, or a file in its data folder.
    #[error("{0}")]
    Own(String),
}

/// How much of a table the statistics may read.
#[derive(Debug, Clone, Copy)]
pub struct SampleLimits {
    /// Maximum number of rows.
    pub rows: u32,
    /// Maximum time, including the database's own time limit.
    pub time: Duration,
}

impl Default for SampleLimits {
    fn default() -> Self {
        Self { rows: 2_000, time: Duration::from_secs(10) }
    }
}

/// A database server or file. Everything is read live.
///
/// `database` is `None` for the database in the URL. System schemas and `gloss_comments` are hidden.
#[async_trait]
pub trait Target: Send + Sync {
    /// Connects and returns one line about what answered: `PostgreSQL 15.4`.
    async fn test(&self) -> Result<String, TargetError>;

    /// Returns the identity of the database. It is taken from what the database reports about itself, if possible,
    /// rather than from the host name or other parts of the URL. The database user needs no privilege but to connect.
    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError>;

    /// Returns this target restricted to one database. If the URL leads to another database later, all calls, reads and
    /// writes, fail with [`TargetError::Moved`].
    fn bound_to(self: Arc<Self>, identity: &Identity) -> Arc<dyn Target>;

    /// Returns whether the database user may write comments.
    async fn can_write_comments(&self) -> Result<bool, TargetError>;

    /// Returns the privileges of the database user that Gloss does not need, in the database's own terms. Empty for a
    /// file.
    async fn excess_rights(&self) -> Result<Vec<String>, TargetError>;

    /// Returns the reachable databases, by name. `MySQL` and `MariaDB` have one, `def`, as in their information schema.
    async fn databases(&self) -> Result<Vec<Database>, TargetError>;

    /// Returns the schemas of a database, by name.
    async fn schemas(&self, database: Option<&str>) -> Result<Vec<Schema>, TargetError>;

    /// Returns the tables, views and materialized views of a schema, by name. Empty if the schema does not exist.
    async fn tables(&self, database: Option<&str>, schema: &str) -> Result<Vec<Table>, TargetError>;

    /// Returns the structure of these tables in the requested order, without those that do not exist. The number of
    /// statements does not depend on the number of tables.
    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError>;

    /// Returns what cannot be read of a schema's list of tables or, for `None`, of the database's list of schemas.
    /// Problems of a single table are in its [`TableDetail::problems`].
    async fn unreadable(&self, _database: Option<&str>, _schema: Option<&str>) -> Result<Problems, TargetError> {
        Ok(Problems::default())
    }

    /// Returns the current comment of an asset.
    ///
    /// # Errors
    /// Returns `Refused` if the asset does not exist or cannot have a comment (a view or schema of `MySQL`).
    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError>;

    /// Returns the exact statement that would set this comment, or remove it if `text` is `None`. Writes nothing.
    ///
    /// # Errors
    /// Returns `Refused` as [`Target::comment`], and if the text is longer than the database allows (the error says by
    /// how much) or contains characters that it cannot store.
    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError>;

    /// Returns the statement that a script of several [`Target::comment_statement`] begins with: what they all need,
    /// and what makes every client read their texts as they were written. `None` if they need nothing.
    fn script_settings(&self) -> Option<String> {
        None
    }

    /// Writes a comment and nothing else. Waits only briefly for locks.
    ///
    /// # Errors
    /// Returns `Refused` if the comment cannot be written, and `Unreachable`, `TimedOut` or `Locked` if the write may
    /// be retried.
    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError>;

    /// Returns statistics of the data from a bounded sample. Columns without readable values, or whose values can only
    /// be read by running code of the database's owners, are left out. If the time runs out, returns what was read.
    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError>;
}

/// Opens the targets of profiles.
#[async_trait]
pub trait Targets: Send + Sync + 'static {
    /// Returns the target of a profile. Connections are shared by all profiles with the same URL. Does not connect yet.
    ///
    /// # Errors
    /// Returns [`TargetError::Misconfigured`] if the URL cannot be used.
    fn open(&self, profile: &DbProfile) -> Result<Arc<dyn Target>, TargetError>;

    /// Returns the kind of database that a URL's scheme names.
    ///
    /// # Errors
    /// Returns [`TargetError::Misconfigured`] if the URL cannot be parsed or its scheme is unknown.
    fn backend_of(&self, url: &str) -> Result<DbBackend, TargetError>;

    /// Returns the only reachable database: the one that the profile pins, or else the one in a PostgreSQL URL. Returns
    /// `None` if the profile reaches all databases of its user.
    fn pinned_database(&self, profile: &DbProfile) -> Option<String>;

    /// Refuses a profile that points to a database of Gloss itself. A database that does not answer quickly is accepted
    /// and checked when it is used.
    ///
    /// # Errors
    /// Returns only [`TargetError::Own`].
    async fn refuse_own(&self, _profile: &DbProfile) -> Result<(), TargetError> {
        Ok(())
    }

    /// Returns the URL without its password and other secrets.
    fn display_url(&self, url: &SecretString) -> String;
}
