//! Where a store is: its URL, the connections to it, and that one process has it.
//!
//! The rule: one connection writes, some read. SQLite's file is locked by whoever opens it (`lifecycle.rs`); in
//! PostgreSQL the connection that writes holds a lock for as long as it lives, so that whoever does not have the store
//! cannot write to it. No password leaves this file.

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

/// Connections that read.
const READERS: u32 = 4;
/// How long a statement waits for a lock that another process holds: only a backup or a person's shell can. A run
/// that records tries again after that.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a PostgreSQL server is waited for that does not answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long those who write to PostgreSQL wait for one another: less than a request may take, so that who waits in vain
/// is told.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// What a connection to PostgreSQL asks for: no chatter, no compiling of statements that are short, that rows come in
/// the same order each time, and that its lock is not held for long after its machine is gone.
const SESSION: [(&str, &str); 6] = [
    ("synchronize_seqscans", "off"),
    ("jit", "off"),
    ("client_min_messages", "warning"),
    ("tcp_keepalives_idle", "15"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
];
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 256;

/// Where a store is.
pub(super) enum Address {
    Sqlite(String),
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    /// The address that a URL stands for; `None` where it stands for none.
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

    /// The address for people, without what may be secret.
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

    /// The file of a store in SQLite.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let Self::Sqlite(url) = self else { return None };
        let options: SqliteConnectOptions = url.parse().ok()?;
        Some(options.get_filename().to_owned())
    }

    /// What is to be known of the store's condition. A file is made where there is none.
    pub(super) fn condition(&self) -> Result<Arc<Condition>, OpenError> {
        let Some(file) = self.file() else { return Ok(Arc::default()) };
        let condition = Condition::of_file(&file);
        condition.map(Arc::new).map_err(|source| OpenError::File { place: self.place(), source })
    }

    /// The connection that writes. Whoever has it has the store.
    pub(super) async fn writer(&self, condition: &Arc<Condition>) -> Result<DatabaseConnection, OpenError> {
        let Self::Postgres(options) = self else {
            let mut options = self.options(1);
            let condition = Arc::clone(condition);
            options.map_sqlx_sqlite_pool_opts(move |pool| {
                let condition = Arc::clone(&condition);
                pool.before_acquire(move |connection, _| {
                    // The driver counts transactions by itself. Where the count is not zero, SQLite has rolled back
                    // without it, and what would be begun now would be a savepoint that nobody commits.
                    let is_sound = !connection.is_in_transaction() && !condition.take_worn();
                    Box::pin(async move { Ok(is_sound) })
                })
            });
            return Ok(Database::connect(options).await?);
        };
        // A pool tries on and on, and does not tell why. What is wrong is found before.
        self.try_out(options).await?;
        let mut options = self.options(1);
        let place = self.place();
        options.acquire_timeout(TURN_TIMEOUT).map_sqlx_postgres_pool_opts(move |pool| {
            let place = place.clone();
            pool.after_connect(move |connection, _| {
                let place = place.clone();
                Box::pin(async move {
                    let taken = postgres::take_store(connection).await;
                    if taken.as_ref().is_err_and(postgres::is_taken) {
                        tracing::error!(
                            "another Gloss has taken over the store {place}; this one writes nothing until the other \
                             stops"
                        );
                    }
                    taken
                })
            })
        });
        Ok(Database::connect(options).await?)
    }

    /// The connections that read.
    pub(super) async fn readers(&self) -> Result<DatabaseConnection, OpenError> {
        Ok(Database::connect(self.options(READERS)).await?)
    }

    /// A connection that reads and changes nothing; `None` where there is no store yet.
    ///
    /// # Errors
    /// [`OpenError`]; one in PostgreSQL that another process has is refused.
    pub(super) async fn look(&self) -> Result<Option<DatabaseConnection>, OpenError> {
        let mut options = self.options(1);
        match self {
            Self::Postgres(postgres) => self.try_out(postgres).await?,
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
                    // Only a connection that may write can take up what a process left that was killed.
                    if has_log { options } else { options.immutable(true).read_only(true) }
                });
            }
        }
        Ok(Some(Database::connect(options).await?))
    }

    fn options(&self, connections: u32) -> ConnectOptions {
        let mut options = match self {
            Self::Sqlite(url) => ConnectOptions::new(url),
            // The library may log the URL: the password is in the options alone.
            Self::Postgres(_) => ConnectOptions::new("postgres://"),
        };
        options.max_connections(connections).min_connections(1).sqlx_logging(false).record_stmt_in_spans(false);
        // A connection lives as long as the store: a new one would prepare its statements again.
        options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>).test_before_acquire(false);
        options.acquire_timeout(Duration::from_mins(1));
        match self {
            Self::Sqlite(_) => options.map_sqlx_sqlite_opts(|options| {
                options
                    // A store that vanished is not made again while it is open.
                    .create_if_missing(false)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(BUSY_TIMEOUT)
                    .statement_cache_capacity(STATEMENTS)
                    .pragma("cache_size", "-16000")
                    .pragma("temp_store", "memory")
            }),
            Self::Postgres(address) => {
                let address = PgConnectOptions::clone(address);
                // The server may have gone meanwhile.
                options.acquire_timeout(ANSWER_TIMEOUT).test_before_acquire(true);
                options.map_sqlx_postgres_opts(move |_| address.clone())
            }
        };
        options
    }

    /// Refuses a store that cannot be reached or that another process has.
    async fn try_out(&self, options: &PgConnectOptions) -> Result<(), OpenError> {
        let failed = |error: SqlxError| {
            let error = DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
            OpenError::Unreachable { place: self.place(), error }
        };
        let connecting = tokio::time::timeout(ANSWER_TIMEOUT, PgConnection::connect_with(options));
        let silent = |_| Err(SqlxError::Io(std::io::ErrorKind::TimedOut.into()));
        let mut connection = connecting.await.unwrap_or_else(silent).map_err(failed)?;
        let holds_any_text = postgres::holds_any_text(&mut connection).await.map_err(failed)?;
        let taken = postgres::take_store(&mut connection).await;
        connection.close().await.map_err(failed)?;
        match taken {
            Err(error) if postgres::is_taken(&error) => Err(OpenError::InUse(self.place())),
            Err(error) => Err(failed(error)),
            Ok(()) if holds_any_text => Ok(()),
            Ok(()) => Err(OpenError::Encoding(self.place())),
        }
    }
}
