//! Targets: the databases that are described. Gloss writes nothing to them but comments, waits for locks a short
//! time only, and never scans a large table whole.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use secrecy::SecretString;

use crate::domain::{
    asset::AssetPath,
    catalog::{Database, Problems, Schema, Table, TableDetail, TableStatistics},
    identity::Identity,
    profile::{DbBackend, DbProfile},
};

/// Why a target gave nothing. The texts are for people: no password, no statement.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TargetError {
    /// Cannot be reached, or refuses the login; says what to check.
    #[error("{0}")]
    Unreachable(String),
    /// Reached, but what was asked for is not there or not allowed.
    #[error("{0}")]
    Refused(String),
    /// No answer within the time limit.
    #[error("{0}")]
    TimedOut(String),
    /// Another session holds a lock on what was to be written: nothing was written, surely.
    #[error("{0}")]
    Locked(String),
    /// The URL or the profile cannot be used as it is.
    #[error("{0}")]
    Misconfigured(String),
    /// Another database stands there than the one that the target is bound to; says which one stands there.
    #[error("{0}")]
    Moved(String),
    /// It is Gloss's own: the store, or a file of the data folder.
    #[error("{0}")]
    Own(String),
}

/// How much of a table statistics may read.
#[derive(Debug, Clone, Copy)]
pub struct SampleLimits {
    /// Rows at the most.
    pub rows: u32,
    /// Time at the most, the database's own time limit included.
    pub time: Duration,
}

impl Default for SampleLimits {
    fn default() -> Self {
        Self { rows: 2_000, time: Duration::from_secs(10) }
    }
}

/// One database server or file. Everything is read live.
///
/// `database` is `None` for the one that the URL names. System schemas and `gloss_comments` never show.
#[async_trait]
pub trait Target: Send + Sync {
    /// Connects and says in one line what answered: `PostgreSQL 15.4`.
    async fn test(&self) -> Result<String, TargetError>;

    /// Which database this is, by what it says of itself: no password, host name or parameter of the URL counts where
    /// the database has something better. The login needs no rights for it but to connect.
    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError>;

    /// The same target for this one database alone: where another one comes to stand behind the URL, all that is asked
    /// of it, reads and writes, is [`TargetError::Moved`].
    fn bound_to(self: Arc<Self>, identity: &Identity) -> Arc<dyn Target>;

    /// Whether the login may write comments.
    async fn can_write_comments(&self) -> Result<bool, TargetError>;

    /// The rights of the login that no work of Gloss needs, in the database's own words; none for a file.
    async fn excess_rights(&self) -> Result<Vec<String>, TargetError>;

    /// The databases in reach, by name. `MySQL` and `MariaDB` have one, `def`, as in their information schema.
    async fn databases(&self) -> Result<Vec<Database>, TargetError>;

    /// The schemas of a database, by name.
    async fn schemas(&self, database: Option<&str>) -> Result<Vec<Schema>, TargetError>;

    /// The tables, views and materialized views of a schema, by name; none where the schema does not exist.
    async fn tables(&self, database: Option<&str>, schema: &str) -> Result<Vec<Table>, TargetError>;

    /// The structure of these tables, in the order asked for; one that does not exist is left out. The
    /// number of statements does not depend on the number of tables.
    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError>;

    /// What cannot be read of a schema's list of tables, or, for `None`, of the database's list of schemas. What cannot
    /// be read of one table is in its [`TableDetail::problems`].
    async fn unreadable(&self, _database: Option<&str>, _schema: Option<&str>) -> Result<Problems, TargetError> {
        Ok(Problems::default())
    }

    /// The comment that stands on an asset now; `None` for none.
    ///
    /// # Errors
    /// `Refused` where the asset is not there, or cannot carry a comment (a view or schema of `MySQL`), saying so.
    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError>;

    /// The exact statement that would put this comment on an asset (`None` removes it), as it stands now. Writes
    /// nothing.
    ///
    /// # Errors
    /// `Refused` as for [`Target::comment`], and where the text is longer than the database allows, saying by how
    /// much, or holds what it cannot keep.
    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError>;

    /// Writes a comment, and nothing but the comment. Waits a short time for locks at most.
    ///
    /// # Errors
    /// `Refused` for what cannot be written, `Unreachable`, `TimedOut` and `Locked` for what may be tried again.
    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError>;

    /// What the data look like, from a bounded sample. A column whose values cannot be read, or not without running
    /// code of the database's owners, has none; running out of time gives what there is.
    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError>;
}

/// The targets that profiles name.
#[async_trait]
pub trait Targets: Send + Sync + 'static {
    /// The target behind a profile, its connections shared by all who ask for the same URL. Does not connect yet.
    ///
    /// # Errors
    /// [`TargetError::Misconfigured`] where the URL cannot be used.
    fn open(&self, profile: &DbProfile) -> Result<Arc<dyn Target>, TargetError>;

    /// The kind of database that a URL names, by its scheme.
    ///
    /// # Errors
    /// [`TargetError::Misconfigured`] where the URL cannot be read or no target has its scheme.
    fn backend_of(&self, url: &str) -> Result<DbBackend, TargetError>;

    /// The one database in reach: the one that the profile pins, else the one that a PostgreSQL URL names. `None` where
    /// all that the login reaches is in reach.
    fn pinned_database(&self, profile: &DbProfile) -> Option<String>;

    /// Refuses a profile that leads to what is Gloss's own, as far as can be told now: a database that does not answer
    /// within a moment is looked at when it is used.
    ///
    /// # Errors
    /// [`TargetError::Own`] alone.
    async fn refuse_own(&self, _profile: &DbProfile) -> Result<(), TargetError> {
        Ok(())
    }

    /// The URL for people: without its password, nor any other secret in it.
    fn display_url(&self, url: &SecretString) -> String;
}
