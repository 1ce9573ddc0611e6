//! SQLite: one file, whose database is named by the file's stem and whose schema is `main`.
//!
//! The rule: the file is opened read-only and never created, and all work sets a deadline, at which SQLite interrupts
//! itself.
//!
//! SQLite has no comments. Gloss stores them in the target's table `gloss_comments`, which the first applied comment
//! creates:
//!
//! ```sql
//! CREATE TABLE gloss_comments (
//!     kind        TEXT NOT NULL,             -- DATABASE, SCHEMA, TABLE, VIEW or COLUMN
//!     table_name  TEXT NOT NULL DEFAULT '',  -- empty for a database or schema
//!     column_name TEXT NOT NULL DEFAULT '',  -- empty for all but columns
//!     comment     TEXT NOT NULL,
//!     PRIMARY KEY (kind, table_name, column_name)
//! )
//! ```
//!
//! A null reads as an empty text. A table of that name without these columns is not a table of comments.

mod catalog;
mod comment;
mod statistics;

use std::{
    fs::Metadata,
    io,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection,
    pool::PoolConnection,
    sqlite::{LockedSqliteHandle, SqliteConnectOptions},
};

use super::{
    bound,
    connections::{CATALOG_TIME, Connections, bounded},
    error_text::{Place, beyond_pin},
    own::Own,
    sample, text,
};
use crate::{
    domain::{
        asset::AssetPath,
        catalog::{Database, Problems, Schema, Table, TableDetail, TableStatistics},
        identity::Identity,
        profile::DbBackend,
    },
    port::target::{SampleLimits, Target, TargetError},
};

/// The only schema.
const SCHEMA: &str = "main";
/// Maximum memory that SQLite may use in this process, in bytes, including the store's share.
const HEAP: &str = "1000000000";
/// System folders with pseudo-files: a read may have side effects or never end.
const NO_FILES: [&str; 3] = ["/proc", "/sys", "/dev"];
/// Number of SQLite's virtual machine steps between two checks of the clock.
const STEPS_BETWEEN_CHECKS: i32 = 2_000;
/// Extra time for SQLite to stop after its own time limit.
const GRACE: Duration = Duration::from_secs(2);

/// A database file.
pub(super) struct File {
    path: PathBuf,
    options: SqliteConnectOptions,
    place: Place,
    /// Whether the URL forbids writes.
    read_only: bool,
    own: Arc<Own>,
    /// The connections, and the inode that they belong to: the path may lead to another file later.
    connections: Mutex<(Option<Inode>, Arc<Both>)>,
}

/// Number of rows that are read ahead. With the widest rows of a sample, 16 KB each, they take 4 MB.
const ROWS_AHEAD: usize = 256;

/// The connections to a file, by purpose, and what was read of it.
struct Both {
    readers: Connections<Sqlite>,
    /// The connections that write comments.
    writers: Connections<Sqlite>,
    /// What was read of the schema.
    definitions: catalog::Definitions,
}

/// Distinguishes a file from another one that takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
    /// Creation time since the Unix epoch, if the file system records it: inode numbers are reused.
    born: Option<Duration>,
}

impl Inode {
    fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let born = found.created().ok().and_then(|born| born.duration_since(std::time::UNIX_EPOCH).ok());
        Self { device: found.dev(), number: found.ino(), born }
    }
}

/// A connection in use. SQLite interrupts itself at the time limit, and soon after this value is dropped.
struct Work {
    /// Declared before `connection` so that it is dropped first and the connection returns idle.
    _wanted: Arc<()>,
    connection: PoolConnection<Sqlite>,
}

impl Deref for Work {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Work {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl File {
    pub(super) fn new(path: PathBuf, read_only: bool, own: &Arc<Own>) -> Result<Self, TargetError> {
        if path.to_str().is_none() || path.file_name().is_none() {
            return Err(TargetError::Misconfigured(
                "the URL has no valid file path; write sqlite:///path/file.db".to_owned(),
            ));
        }
        let place = Place {
            backend: DbBackend::Sqlite,
            address: path.display().to_string(),
            user: String::new(),
            database: None,
        };
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(2))
            // Rows come from another thread: the fewer times the two change places, the better.
            .row_buffer_size(ROWS_AHEAD)
            // A described file is untrusted: functions in its views must be harmless, and a comment must change
            // nothing else. `sqlite_guard` sets what has no pragma.
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("hard_heap_limit", HEAP)
            .foreign_keys(false)
            .disable_statement_logging();
        let connections = Mutex::new((None, Self::connect(&options, &place)));
        Ok(Self { path, options, place, read_only, own: Arc::clone(own), connections })
    }

    fn connect(options: &SqliteConnectOptions, place: &Place) -> Arc<Both> {
        let writing = options.clone().read_only(false).busy_timeout(comment::BUSY_TIME);
        Arc::new(Both {
            readers: Connections::new(options.clone().read_only(true), place.clone(), None),
            writers: Connections::new(writing, place.clone(), None),
            definitions: catalog::Definitions::default(),
        })
    }

    pub(super) fn is_connected(&self) -> bool {
        let both = self.both();
        both.readers.is_connected() || both.writers.is_connected()
    }

    fn both(&self) -> Arc<Both> {
        Arc::clone(&self.connections.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the connections to the file that the path currently leads to.
    fn connections(&self, now: Inode) -> Arc<Both> {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if connections.0.replace(now).is_some_and(|before| before != now) {
            connections.1 = Self::connect(&self.options, &self.place);
        }
        Arc::clone(&connections.1)
    }

    /// Returns the database's name.
    fn stem(&self) -> String {
        self.path.file_stem().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// Acquires a read-only connection whose work ends after `time` at the latest.
    async fn acquire(&self, time: Duration, bound: Option<&Identity>) -> Result<Work, TargetError> {
        let found = self.check_file().await?;
        let connection = self.connections(found).readers.acquire().await?;
        self.check_bound(bound).await?;
        self.guard(connection, time, sqlite_guard::skip_unreadable).await
    }

    /// Acquires a connection that may write, with the same limit.
    async fn writer(&self, time: Duration, bound: Option<&Identity>) -> Result<Work, TargetError> {
        let found = self.check_file().await?;
        let connection = self.connections(found).writers.acquire().await?;
        self.check_bound(bound).await?;
        self.guard(connection, time, |_| true).await
    }

    /// Sets the connection's limits for an untrusted file and the access that its purpose needs.
    async fn guard(
        &self,
        mut connection: PoolConnection<Sqlite>,
        time: Duration,
        purpose: impl FnOnce(&mut LockedSqliteHandle<'_>) -> bool,
    ) -> Result<Work, TargetError> {
        let deadline = Instant::now() + time;
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        let mut handle = connection.lock_handle().await.map_err(|error| self.place().explain(&error))?;
        if !sqlite_guard::guard(&mut handle) || !purpose(&mut handle) {
            return Err(TargetError::Unreachable(
                "this build's SQLite lacks the options that make untrusted files safe to read; build Gloss with its \
                 bundled SQLite"
                    .to_owned(),
            ));
        }
        handle.set_progress_handler(STEPS_BETWEEN_CHECKS, move || {
            still_wanted.strong_count() > 0 && Instant::now() < deadline
        });
        drop(handle);
        Ok(Work { _wanted: wanted, connection })
    }

    /// Refuses a file other than the bound one. Called once the file is open, so that the file that was opened is the
    /// checked one or an earlier one.
    async fn check_bound(&self, bound: Option<&Identity>) -> Result<(), TargetError> {
        match bound {
            Some(_) => bound::check(bound, &self.identity().await?),
            None => Ok(()),
        }
    }

    /// Returns the identity of the file that the path leads to, following links.
    async fn identity(&self) -> Result<Identity, TargetError> {
        let inode = self.check_file().await?;
        let path = tokio::fs::canonicalize(&self.path).await.unwrap_or_else(|_| self.path.clone());
        // Device numbers may change when the machine restarts, so they count only without a creation time.
        let mark = match inode.born {
            Some(born) => format!("made at {}.{:09}", born.as_secs(), born.subsec_nanos()),
            None => format!("device {}", inode.device),
        };
        Ok(Identity {
            server: format!("inode {}", inode.number),
            database: Some(self.stem()),
            mark: Some(format!("{mark}, {}", path.display())),
            named: false,
            place: path.display().to_string(),
        })
    }

    async fn check_file(&self) -> Result<Inode, TargetError> {
        let path = self.path.display();
        if let Ok(real) = tokio::fs::canonicalize(&self.path).await
            && let Some(below) = NO_FILES.into_iter().find(|below| real.starts_with(below))
        {
            return Err(TargetError::Misconfigured(format!(
                "{path} is below {below}, which Gloss does not read; choose another file"
            )));
        }
        match tokio::fs::metadata(&self.path).await {
            Ok(found) if found.is_file() => {
                self.own.check_file(&self.path, &found)?;
                Ok(Inode::of(&found))
            }
            Ok(_) => Err(TargetError::Misconfigured(format!("{path} is not a file; check the path"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(TargetError::Unreachable(format!("the file {path} does not exist; check the path")))
            }
            Err(_) => Err(TargetError::Unreachable(format!("cannot read the file {path}; check its permissions"))),
        }
    }

    /// Returns whether a write would be accepted, without writing.
    async fn is_writable(&self) -> Result<bool, TargetError> {
        self.check_file().await?;
        let options = self.options.clone().read_only(false).busy_timeout(Duration::ZERO);
        let work = async {
            let mut connection = options.connect().await?;
            let writable = match connection.begin_with("BEGIN IMMEDIATE").await {
                Ok(transaction) => transaction.rollback().await.is_ok(),
                // Busy: another program writes, so the file is writable.
                Err(error) => code_of(&error).is_some_and(|code| matches!(code & 0xff, 5 | 6)),
            };
            connection.close().await?;
            Ok(writable)
        };
        bounded(self.place(), CATALOG_TIME, work).await
    }
}

/// Returns SQLite's extended error code.
fn code_of(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Returns whether an error concerns one object of the file, not the file or the moment: its definition refers to
/// something missing, it is malformed, or the pages that hold it are damaged.
fn is_of_object(error: &sqlx::Error) -> bool {
    matches!(code_of(error).map(|code| code & 0xff), Some(1 | 11 | 18 | 20 | 25))
}

/// Describes the missing dependency of an object. Only the name is taken from SQLite's own text.
fn lacks(error: &sqlx::Error) -> String {
    const NEEDS: &[(&str, &str)] = &[
        ("no such collation sequence: ", "the collation"),
        ("no such module: ", "the module"),
        ("no such function: ", "the function"),
        ("unsafe use of ", "the function"),
        ("no such tokenizer: ", "the tokenizer"),
    ];
    let message = error.as_database_error().map(sqlx::error::DatabaseError::message).unwrap_or_default();
    if let Some((noun, name)) = NEEDS.iter().find_map(|(start, noun)| Some((noun, message.strip_prefix(start)?))) {
        return format!("it requires {noun} {}, which only the program that wrote the file has", text::shown(name));
    }
    if let Some(name) = message.strip_prefix("no such table: ") {
        return format!("it requires the table {}, which does not exist", text::shown(name));
    }
    // SQLite names a missing collation once and reports only this message afterwards.
    if message == "no query solution" {
        return "it requires a collation that only the program that wrote the file has".to_owned();
    }
    match code_of(error).map(|code| code & 0xff) {
        Some(11) => "this part of the file is damaged".to_owned(),
        _ => "SQLite cannot execute its definition".to_owned(),
    }
}

/// A database file, as a target.
pub(super) struct SqliteTarget {
    file: Arc<File>,
    pinned: Option<String>,
    sample_views: bool,
    /// The only file that the target may use, if it is bound.
    bound: Option<Identity>,
}

impl SqliteTarget {
    pub(super) fn new(file: Arc<File>, pinned: Option<String>, sample_views: bool) -> Self {
        Self { file, pinned, sample_views, bound: None }
    }

    /// Returns the database's name, if `asked` is that name or `None`.
    fn database(&self, asked: Option<&str>) -> Result<String, TargetError> {
        let own = self.file.stem();
        if let Some(pinned) = &self.pinned {
            if let Some(asked) = asked.filter(|asked| asked != pinned) {
                return Err(beyond_pin(asked, pinned));
            }
            if *pinned != own {
                return Err(self.no_database(pinned));
            }
        }
        match asked {
            Some(asked) if asked != own => Err(self.no_database(asked)),
            _ => Ok(own),
        }
    }

    fn no_database(&self, name: &str) -> TargetError {
        TargetError::Refused(format!(
            "{} has no database {name}; its only database is {}",
            self.file.path.display(),
            self.file.stem()
        ))
    }

    async fn start(&self) -> Result<Work, TargetError> {
        self.file.acquire(CATALOG_TIME, self.bound.as_ref()).await
    }
}

#[async_trait]
impl Target for SqliteTarget {
    async fn test(&self) -> Result<String, TargetError> {
        self.database(None)?;
        let mut connection = self.start().await?;
        let version = bounded(self.file.place(), CATALOG_TIME + GRACE, catalog::version(&mut connection)).await?;
        let name = self.file.path.file_name().map(Path::new).map(|name| name.display().to_string());
        Ok(format!("SQLite {version}, {}", name.unwrap_or_default()))
    }

    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError> {
        self.database(database)?;
        Ok(Identity { named: database.is_some(), ..self.file.identity().await? })
    }

    fn bound_to(self: Arc<Self>, identity: &Identity) -> Arc<dyn Target> {
        let (file, pinned) = (Arc::clone(&self.file), self.pinned.clone());
        Arc::new(Self { file, pinned, sample_views: self.sample_views, bound: Some(identity.clone()) })
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        Ok(!self.file.read_only && self.file.is_writable().await?)
    }

    async fn excess_rights(&self) -> Result<Vec<String>, TargetError> {
        Ok(Vec::new())
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        let name = self.database(None)?;
        let mut connection = self.start().await?;
        let comments = bounded(self.file.place(), CATALOG_TIME + GRACE, catalog::comments(&mut connection)).await?;
        Ok(vec![Database { name, comment: comments.of_database() }])
    }

    async fn schemas(&self, database: Option<&str>) -> Result<Vec<Schema>, TargetError> {
        self.database(database)?;
        let mut connection = self.start().await?;
        let comments = bounded(self.file.place(), CATALOG_TIME + GRACE, catalog::comments(&mut connection)).await?;
        Ok(vec![Schema { name: SCHEMA.to_owned(), comment: comments.of_schema() }])
    }

    async fn tables(&self, database: Option<&str>, schema: &str) -> Result<Vec<Table>, TargetError> {
        self.database(database)?;
        if schema != SCHEMA {
            return Ok(Vec::new());
        }
        let mut connection = self.start().await?;
        bounded(self.file.place(), CATALOG_TIME + GRACE, catalog::tables(&mut connection)).await
    }

    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError> {
        let database = self.database(database)?;
        if schema != SCHEMA {
            return Ok(Vec::new());
        }
        let mut connection = self.start().await?;
        let both = self.file.both();
        let work = catalog::details(&mut connection, &database, tables, &both.definitions);
        bounded(self.file.place(), CATALOG_TIME + GRACE, work).await
    }

    async fn unreadable(&self, database: Option<&str>, schema: Option<&str>) -> Result<Problems, TargetError> {
        self.database(database)?;
        if schema != Some(SCHEMA) {
            return Ok(Problems::default());
        }
        let mut connection = self.start().await?;
        bounded(self.file.place(), CATALOG_TIME + GRACE, catalog::unreadable(&mut connection)).await
    }

    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError> {
        comment::comment(self, asset).await
    }

    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError> {
        comment::statement(self, asset, text).await
    }

    fn script_settings(&self) -> Option<String> {
        Some(comment::MAKE.to_owned())
    }

    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
        comment::write(self, asset, text).await
    }

    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError> {
        self.database(table.database.as_deref())?;
        let (file, bound) = (&self.file, self.bound.as_ref());
        let reader = statistics::SqliteReader { file, bound, sample_views: self.sample_views };
        sample::statistics(&reader, table, limits).await
    }
}
