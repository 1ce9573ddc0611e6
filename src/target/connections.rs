//! The connections to one database: few, opened on first use, closed when idle.
//!
//! The rule: if a server is unreachable, callers learn that and the reason at once. One probe connection finds it out
//! for all concurrent callers.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection, Database, Executor, Pool, SqlSafeStr, Transaction, pool::PoolConnection};
use tokio::sync::Mutex;

use super::{
    error_text::Place,
    relay::{Failure, Relay},
};
use crate::port::target::TargetError;

/// Maximum time to open a connection.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Maximum time to wait for a free connection.
const ACQUIRE_TIME: Duration = Duration::from_secs(30);
/// Time after which an unused connection is closed.
const IDLE_TIME: Duration = Duration::from_mins(1);
/// Time after which a missing connection triggers a probe of the server.
const SUSPICION_TIME: Duration = Duration::from_secs(1);
/// Maximum number of open connections per database, kept small because the database has other work to do.
const CONNECTIONS: u32 = 4;

/// Maximum time to read the catalog, sized for databases with many thousands of tables.
pub(super) const CATALOG_TIME: Duration = Duration::from_secs(30);

/// The connections to one database.
pub(super) struct Connections<DB: Database> {
    pool: Pool<DB>,
    options: <DB::Connection as Connection>::Options,
    pub(super) place: Place,
    /// The relay between the connections and a server; `None` for a file.
    relay: Option<Arc<Relay>>,
    /// End time and result of the last probe. The lock is held while a probe runs.
    probed: Mutex<Option<(Instant, Result<(), NotLetIn>)>>,
}

/// Why a probe could not connect.
#[derive(Clone)]
struct NotLetIn {
    error: TargetError,
    /// Whether the server does not answer. Otherwise it refused the connection, which it also does when it has too
    /// many clients.
    is_gone: bool,
}

impl<DB: Database> Connections<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Creates the pool without connecting.
    pub(super) fn new(
        options: <DB::Connection as Connection>::Options,
        place: Place,
        relay: Option<Arc<Relay>>,
    ) -> Self {
        // sqlx would log slow statements, and with them names and values of the target.
        let options = options.disable_statement_logging();
        let mut pool = sqlx::pool::PoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(0)
            .acquire_timeout(ACQUIRE_TIME)
            .idle_timeout(IDLE_TIME);
        // If a server refuses part of the statement that begins a transaction, the transaction stays open and the
        // driver does not know of it. Each reused connection is therefore rolled back first, which also shows that it
        // still works.
        if relay.is_some() {
            pool = pool.test_before_acquire(false).before_acquire(|connection, _| {
                Box::pin(async move { Ok(sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.is_ok()) })
            });
        }
        let pool = pool.connect_lazy_with(options.clone());
        Self { pool, options, place, relay, probed: Mutex::const_new(None) }
    }

    /// Returns whether any connection is open.
    pub(super) fn is_connected(&self) -> bool {
        self.pool.size() > 0
    }

    /// Acquires a new or idle connection.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<DB>, TargetError> {
        self.unless_gone(Box::pin(self.pool.acquire())).await
    }

    /// Begins a transaction with this statement. It is rolled back when dropped.
    pub(super) async fn begin(&self, statement: impl SqlSafeStr) -> Result<Transaction<'static, DB>, TargetError> {
        // The pool's own limit covers the connection only; the server may stop answering after it.
        let limit = ACQUIRE_TIME + CONNECT_TIME;
        let (pool, statement) = (self.pool.clone(), statement.into_sql_str());
        // The driver registers a transaction only when the server answers. If the caller is dropped before that, an
        // open transaction would return to the pool, so a separate task waits for the answer. The task starts after
        // the probe, because both would take the failure's reason from the relay.
        let begun = async move {
            let work = async move { tokio::time::timeout(limit, pool.begin_with(statement)).await };
            match tokio::spawn(work).await {
                Ok(begun) => Ok(begun),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => Err(sqlx::Error::WorkerCrashed),
            }
        };
        match self.unless_gone(Box::pin(begun)).await? {
            Ok(begun) => self.reached(begun).await,
            Err(_) => Err(self.place.too_slow(limit)),
        }
    }

    /// Awaits `work` on the pool, but fails early if the server is gone. The pool takes a refused connection for a
    /// server that is starting and retries until its timeout, which is too slow for interactive callers.
    async fn unless_gone<T>(
        &self,
        mut work: impl Future<Output = Result<T, sqlx::Error>> + Unpin,
    ) -> Result<T, TargetError> {
        if self.pool.size() == 0 {
            self.probe().await.map_err(|not_let_in| not_let_in.error)?;
        }
        let mut suspicion = SUSPICION_TIME;
        loop {
            if let Ok(done) = tokio::time::timeout(suspicion, &mut work).await {
                return self.reached(done).await;
            }
            // Either all connections are busy, or the server has gone since they were opened.
            if let Err(NotLetIn { error, is_gone: true }) = self.probe().await {
                return Err(error);
            }
            suspicion *= 2;
        }
    }

    async fn reached<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, TargetError> {
        match result {
            Err(error @ sqlx::Error::PoolTimedOut) => {
                // Either all connections are busy, or the server is gone.
                self.probe().await.map_err(|not_let_in| not_let_in.error)?;
                Err(self.explain(&error))
            }
            result => result.map_err(|error| self.explain(&error)),
        }
    }

    /// Returns the error for a connection that failed. A failure that the relay recorded takes precedence.
    fn explain(&self, error: &sqlx::Error) -> TargetError {
        match self.relay.as_ref().and_then(|relay| relay.take_failure()) {
            _ if matches!(error, sqlx::Error::Database(_)) => self.place.explain(error),
            Some(Failure::Unreachable(error)) => self.place.explain_io(&error),
            Some(Failure::TooMuch) => self.place.too_much(),
            Some(Failure::Malformed) => self.place.not_understood(),
            None => self.place.explain(error),
        }
    }

    /// Opens and closes a connection to learn whether the server accepts one. Concurrent callers wait and reuse the
    /// result.
    async fn probe(&self) -> Result<(), NotLetIn> {
        let asked = Instant::now();
        let mut probed = self.probed.lock().await;
        if let Some((_, answer)) = probed.as_ref().filter(|(ended, _)| *ended >= asked) {
            return answer.clone();
        }
        let answer = self.connect_once().await;
        *probed = Some((Instant::now(), answer.clone()));
        answer
    }

    async fn connect_once(&self) -> Result<(), NotLetIn> {
        match tokio::time::timeout(CONNECT_TIME, Box::pin(self.options.connect())).await {
            Ok(Ok(connection)) => {
                // The probe succeeded; a failure to close cleanly does not matter.
                drop(connection.close().await);
                Ok(())
            }
            Ok(Err(error)) => {
                let is_gone = !matches!(error, sqlx::Error::Database(_));
                Err(NotLetIn { error: self.explain(&error), is_gone })
            }
            Err(_) => Err(NotLetIn { error: self.place.no_connection(CONNECT_TIME), is_gone: true }),
        }
    }
}

/// Awaits `work` and maps a timeout and the driver's errors to the place's error texts.
pub(super) async fn bounded<T>(
    place: &Place,
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, TargetError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result.map_err(|error| place.explain(&error)),
        Err(_) => Err(place.too_slow(limit)),
    }
}
