//! A store's address: its URL, and the connections to it.
//!
//! The rules: one connection of a process writes, several read. On SQLite, the process that opens the file locks it
//! (`lifecycle.rs`). On PostgreSQL, several processes share the store. [`Held`] keeps the others from writing while one
//! opens, migrates or copies it. No password leaves this file.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr, SqlxError,
    sqlx::{
        ConnectOptions as _, Connection as _,
        postgres::{PgConnectOptions, PgConnection},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use super::{OpenError, condition::Condition, dialect::postgres};

/// Number of reading connections.
pub(super) const READERS: u32 = 4;
/// Maximum time that a statement waits for a lock of another process. Only a backup or a manual session can hold one. A
/// run that records its rows retries after this time.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum time to wait for a PostgreSQL server to answer.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time that a write waits for other writes of its process on PostgreSQL. It is shorter than the request
/// timeout, so the caller gets an error.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Options of a PostgreSQL session: no notices, no JIT compilation of short statements, a stable row order, statements
/// that see what other transactions have committed, and keep-alives that release locks soon after the machine that held
/// them is gone.
const SESSION: [(&str, &str); 7] = [
    ("synchronize_seqscans", "off"),
    ("default_transaction_isolation", "read committed"),
    ("jit", "off"),
    ("client_min_messages", "warning"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];
/// Further options of the session that writes: how long it waits for the write lock, and how long its transaction may
/// pause. So a process that is frozen or cut off in a transaction blocks the others only for a moment.
const WRITING: [(&str, &str); 2] = [("lock_timeout", "20s"), ("idle_in_transaction_session_timeout", "10s")];
/// Prepared statements cached per connection.
const STATEMENTS: usize = 256;

/// A store's location.
pub(super) enum Address {
    Sqlite(String),
    Postgres(Box<PgConnectOptions>),
}

/// Why a store is inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inspection {
    /// This process uses it next.
    BeforeUse,
    /// Only to read it; no process uses it.
    Reading,
    /// Only to read it, while another process uses it.
    InUse,
}

impl Address {
    /// Parses a store URL. Returns `None` if its scheme or format is unknown.
    pub(super) fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite(url.to_owned())),
            "postgres" | "postgresql" => {
                let options: PgConnectOptions = url.parse().ok()?;
                let options = options.application_name("gloss").statement_cache_capacity(STATEMENTS);
                let options = options.options(SESSION);
                Some(Self::Postgres(Box::new(options.disable_statement_logging())))
            }
            _ => None,
        }
    }

    /// Returns the address for messages, without anything secret.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Sqlite(url) => {
                let place = url.split('?').next().unwrap_or_default();
                place.trim_start_matches("sqlite:").trim_start_matches("//").to_owned()
            }
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                match options.get_socket() {
                    Some(socket) => format!("postgres://{}/{database}", socket.display()),
                    None => format!("postgres://{}:{}/{database}", options.get_host(), options.get_port()),
                }
            }
        }
    }

    /// Returns the path of a SQLite store's file, and `None` on PostgreSQL.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let Self::Sqlite(url) = self else { return None };
        let options: SqliteConnectOptions = url.parse().ok()?;
        Some(options.get_filename().to_owned())
    }

    /// Returns the store's condition. Creates a SQLite store's file if it does not exist.
    pub(super) fn condition(&self) -> Result<Arc<Condition>, OpenError> {
        let Some(file) = self.file() else { return Ok(Arc::default()) };
        let condition = Condition::of_file(&file);
        condition.map(Arc::new).map_err(|source| OpenError::File { place: self.place(), source })
    }

    /// Opens the writing connection.
    pub(super) async fn writer(&self, condition: &Arc<Condition>) -> Result<DatabaseConnection, OpenError> {
        let Self::Postgres(options) = self else {
            let mut options = self.options(1);
            let condition = Arc::clone(condition);
            options.map_sqlx_sqlite_pool_opts(move |pool| {
                let condition = Arc::clone(&condition);
                pool.before_acquire(move |connection, _| {
                    // The driver counts transactions by itself. If its count is not zero, SQLite has rolled back
                    // without the driver, and the next `BEGIN` would become a savepoint that nobody commits.
                    let is_sound = !connection.is_in_transaction() && !condition.take_reconnect();
                    Box::pin(async move { Ok(is_sound) })
                })
            });
            return Ok(Database::connect(options).await?);
        };
        let writing = PgConnectOptions::clone(options).options(WRITING);
        let mut options = self.options(1);
        options.acquire_timeout(TURN_TIMEOUT).map_sqlx_postgres_opts(move |_| writing.clone());
        Ok(Database::connect(options).await?)
    }

    /// Holds a store in PostgreSQL: until the result is released, nothing else writes to it, opens it or migrates it.
    /// Returns `None` on SQLite, whose file is locked.
    ///
    /// # Errors
    /// Returns [`OpenError::InUse`] if another process holds the store for longer.
    pub(super) async fn hold(&self) -> Result<Option<Held>, OpenError> {
        let Self::Postgres(options) = self else { return Ok(None) };
        let mut connection = self.try_out(options).await?;
        match postgres::hold(&mut connection).await {
            Ok(()) => Ok(Some(Held(connection))),
            Err(error) if postgres::is_held(&error) => Err(OpenError::InUse(self.place())),
            Err(error) => Err(self.unreachable(error)),
        }
    }

    /// Opens the reading connections.
    pub(super) async fn readers(&self) -> Result<DatabaseConnection, OpenError> {
        Ok(Database::connect(self.options(READERS)).await?)
    }

    /// Opens a connection for reading. Returns `None` if the store does not exist yet.
    ///
    /// # Errors
    /// Returns an [`OpenError`].
    pub(super) async fn open_for_inspection(
        &self,
        inspection: Inspection,
    ) -> Result<Option<DatabaseConnection>, OpenError> {
        let mut options = self.options(1);
        match self {
            Self::Postgres(postgres) => {
                self.try_out(postgres).await?.close().await.map_err(|error| self.unreachable(error))?;
            }
            Self::Sqlite(_) => {
                let file = self.file().ok_or(OpenError::UnknownUrl)?;
                let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
                let mut log = file.clone().into_os_string();
                log.push("-wal");
                let log = PathBuf::from(log);
                let has_log = size(&log) > 0;
                if size(&file) == 0 {
                    let torn = || OpenError::Torn { place: self.place(), log: log.display().to_string() };
                    return if has_log { Err(torn()) } else { Ok(None) };
                }
                options.map_sqlx_sqlite_opts(move |_| {
                    let options = SqliteConnectOptions::new().filename(&file).busy_timeout(BUSY_TIMEOUT);
                    match inspection {
                        // Only a writable connection can clean up the log of a process that was killed.
                        Inspection::BeforeUse if has_log => options,
                        Inspection::InUse => options.read_only(true),
                        Inspection::Reading if has_log => options.read_only(true),
                        _ => options.immutable(true).read_only(true),
                    }
                });
            }
        }
        Ok(Some(Database::connect(options).await?))
    }

    fn options(&self, connections: u32) -> ConnectOptions {
        let mut options = match self {
            Self::Sqlite(url) => ConnectOptions::new(url),
            // The library may log the URL, so the password is set in the options only.
            Self::Postgres(_) => ConnectOptions::new("postgres://"),
        };
        options.max_connections(connections).min_connections(1).sqlx_logging(false).record_stmt_in_spans(false);
        // Connections live as long as the store: a new one would have to prepare its statements again.
        options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).test_before_acquire(false);
        options.acquire_timeout(Duration::from_mins(1));
        // A reader that misses a page finds it in the system's cache, which all of them share.
        let cache = if connections == 1 { "-16000" } else { "-4000" };
        match self {
            Self::Sqlite(_) => options.map_sqlx_sqlite_opts(move |options| {
                options
                    // A store that disappears while it is open is not created again.
                    .create_if_missing(false)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(BUSY_TIMEOUT)
                    .statement_cache_capacity(STATEMENTS)
                    .pragma("cache_size", cache)
                    .pragma("temp_store", "memory")
            }),
            Self::Postgres(address) => {
                let address = PgConnectOptions::clone(address);
                // The server may have gone away since the last use.
                options.acquire_timeout(ANSWER_TIMEOUT).test_before_acquire(true);
                options.map_sqlx_postgres_opts(move |_| address.clone())
            }
        };
        options
    }

    /// Connects once. A pool retries silently and does not report the cause.
    async fn try_out(&self, options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
        let connecting = tokio::time::timeout(ANSWER_TIMEOUT, PgConnection::connect_with(options));
        let silent = |_| Err(SqlxError::Io(std::io::ErrorKind::TimedOut.into()));
        let connected = connecting.await.unwrap_or_else(silent);
        let mut connection = connected.map_err(|error| self.unreachable(error))?;
        match postgres::holds_any_text(&mut connection).await {
            Ok(true) => Ok(connection),
            Ok(false) => Err(OpenError::Encoding(self.place())),
            Err(error) => Err(self.unreachable(error)),
        }
    }

    fn unreachable(&self, error: SqlxError) -> OpenError {
        OpenError::Unreachable { place: self.place(), error: DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))) }
    }
}

/// A held store; see [`Address::hold`]. Dropping it releases the store, too, but only once the server notices.
pub(super) struct Held(PgConnection);

impl Held {
    /// Releases the store.
    pub(super) async fn release(mut self) {
        // If the connection is broken, the server has released the store already.
        let _released = postgres::release(&mut self.0).await;
        let _closed = self.0.close().await;
    }
}
