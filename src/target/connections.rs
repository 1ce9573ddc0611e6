//! The connections to one database: few, made when first needed, dropped when idle.
//!
//! The rule: whoever asks of a server that is not there is told so at once and why, and however many ask, one
//! connection finds it out.

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

/// How long a connection may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long to wait for another's connection to become free.
const ACQUIRE_TIME: Duration = Duration::from_secs(30);
/// How long a connection stays open unused.
const IDLE_TIME: Duration = Duration::from_mins(1);
/// After how long a connection that does not come lets suspect that the server is gone.
const SUSPICION_TIME: Duration = Duration::from_secs(1);
/// Connections at once: a described database has other work to do.
const CONNECTIONS: u32 = 4;

/// How long a look at the catalog may take, databases with many thousands of tables included.
pub(super) const CATALOG_TIME: Duration = Duration::from_secs(30);

/// The connections to one database.
pub(super) struct Connections<DB: Database> {
    pool: Pool<DB>,
    options: <DB::Connection as Connection>::Options,
    pub(super) place: Place,
    /// What the connections go through, to a server.
    relay: Option<Arc<Relay>>,
    /// When the last probe ended, and how. Held while one is under way.
    probed: Mutex<Option<(Instant, Result<(), NotLetIn>)>>,
}

/// Why a probe found no way in.
#[derive(Clone)]
struct NotLetIn {
    error: TargetError,
    /// Nobody answers; otherwise the server itself said no, which it also does when it has too many clients.
    is_gone: bool,
}

impl<DB: Database> Connections<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Connects to nothing yet.
    pub(super) fn new(
        options: <DB::Connection as Connection>::Options,
        place: Place,
        relay: Option<Arc<Relay>>,
    ) -> Self {
        // Statements and their values are nobody's business: sqlx would log slow ones.
        let options = options.disable_statement_logging();
        let mut pool = sqlx::pool::PoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(0)
            .acquire_timeout(ACQUIRE_TIME)
            .idle_timeout(IDLE_TIME);
        // A server that refuses part of the statement that begins a transaction keeps it open. The driver does not know
        // of it, so each used connection is rolled back before it is used again; that also shows that it still works.
        if relay.is_some() {
            pool = pool.test_before_acquire(false).before_acquire(|connection, _| {
                Box::pin(async move { Ok(sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.is_ok()) })
            });
        }
        let pool = pool.connect_lazy_with(options.clone());
        Self { pool, options, place, relay, probed: Mutex::const_new(None) }
    }

    /// Whether any connection is open.
    pub(super) fn is_connected(&self) -> bool {
        self.pool.size() > 0
    }

    /// A connection, new or used before.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<DB>, TargetError> {
        self.unless_gone(Box::pin(self.pool.acquire())).await
    }

    /// A transaction that this statement begins. It is rolled back when dropped.
    pub(super) async fn begin(&self, statement: impl SqlSafeStr) -> Result<Transaction<'static, DB>, TargetError> {
        // The pool's own limit ends with the connection; a server may fall silent after it.
        let limit = ACQUIRE_TIME + CONNECT_TIME;
        let (pool, statement) = (self.pool.clone(), statement.into_sql_str());
        // The driver knows of a transaction once it has the server's answer. A caller that is dropped before that must
        // not leave an open transaction in the pool, so a task of its own waits for the answer. It starts once the
        // probe has found the server: both would take the reason of a failure from the relay.
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

    /// What the pool gives, unless the server turns out to be gone. The pool takes a refused connection for a
    /// server that starts, and tries until its time is over; people want to know at once.
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
            // All connections are busy, or the server has gone since they were made.
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

    /// The text for what the driver reports about a new connection: what the relay knows of it comes first.
    fn explain(&self, error: &sqlx::Error) -> TargetError {
        match self.relay.as_ref().and_then(|relay| relay.take_failure()) {
            _ if matches!(error, sqlx::Error::Database(_)) => self.place.explain(error),
            Some(Failure::Unreachable(error)) => self.place.explain_io(&error),
            Some(Failure::TooMuch) => self.place.too_much(),
            Some(Failure::Malformed) => self.place.not_understood(),
            None => self.place.explain(error),
        }
    }

    /// Connects and leaves again, to learn whether and why not. Who waits for another's probe takes its answer.
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
                // Leaving politely is not worth an error.
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

/// Awaits with the place's text for no answer.
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
