//! Writing: the one connection of this process that writes, and the transactions on it.
//!
//! The rules:
//!
//! - A transaction takes the store's write lock first. So what it reads is what it changes, although other processes
//!   may write to the same store in PostgreSQL. Whoever pauses in a transaction loses the connection, and the lock with
//!   it (`address.rs`). A single statement outside a transaction needs no lock.
//!
//! - Each write runs to its end in its own task, even if its caller is dropped or no longer polled. A waiting caller
//!   therefore never holds the connection, and [`Transaction::commit`] always sends its nudges.
//! - A failed statement ends its transaction. SQLite may have rolled back by itself, and each later statement would
//!   then be recorded alone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use tracing::Instrument as _;

use super::{
    SqlStore, condition::Condition, connection::Fitted, dialect, nudges::Nudges, trouble, trouble::DbResult as _,
};
use crate::domain::{Error, Result};

/// The connection that writes.
#[derive(Clone)]
pub(super) struct Writer(Fitted<DatabaseConnection>);

impl Writer {
    pub(super) const fn new(connection: DatabaseConnection, condition: Arc<Condition>) -> Self {
        Self(Fitted::new(connection, condition))
    }

    /// Closes the connection after the last write.
    pub(super) async fn close(&self) -> Result<()> {
        self.0.bare.close_by_ref().await.db()
    }
}

impl SqlStore {
    /// Runs `work` in a transaction that can write from its first statement on. Without a commit, it rolls back.
    pub(super) async fn transact<T, F>(&self, work: impl FnOnce(Transaction) -> F + Send + 'static) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let store = self.clone();
        to_its_end(Box::pin(async move { work(Transaction::begin(store).await?).await })).await
    }

    /// Runs `work` outside a transaction: each of its statements is recorded alone.
    pub(super) async fn write<T, F>(
        &self,
        work: impl FnOnce(Fitted<DatabaseConnection>) -> F + Send + 'static,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let store = self.clone();
        to_its_end(Box::pin(async move {
            store.condition.check()?;
            work(store.writer.0).await
        }))
        .await
    }
}

async fn to_its_end<T: Send + 'static>(work: BoxFuture<'static, Result<T>>) -> Result<T> {
    tokio::spawn(work.in_current_span()).await.map_err(Error::internal)?
}

/// A transaction, with the nudges that its commit sends.
pub(super) struct Transaction {
    connection: Fitted<DatabaseTransaction>,
    /// Whether one of its statements has failed.
    failed: AtomicBool,
    /// The store that it changes.
    pub store: SqlStore,
    /// The nudges that its commit sends.
    pub nudges: Nudges,
}

impl Transaction {
    async fn begin(store: SqlStore) -> Result<Self> {
        store.condition.check()?;
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let begun = store.writer.0.bare.begin_with_options(options).await;
        let begun = begun.inspect_err(|error| store.condition.failed(error)).db()?;
        dialect::lock(&begun).await.inspect_err(|error| store.condition.failed(error)).db()?;
        Ok(Self {
            connection: Fitted::new(begun, Arc::clone(&store.condition)),
            failed: AtomicBool::new(false),
            store,
            nudges: Nudges::default(),
        })
    }

    /// Commits the transaction and sends its nudges.
    ///
    /// # Errors
    /// `Unsure` if the connection broke before the database answered; after any other error nothing is recorded.
    pub(super) async fn commit(self) -> Result<()> {
        self.goes_on().db()?;
        let condition = &self.store.condition;
        let turn = self.store.facets.turn(self.nudges.facets()).await;
        match self.connection.bare.commit().await {
            Ok(()) => condition.wrote(),
            Err(error) => {
                condition.failed(&error);
                return if trouble::is_away(&error) { Err(Error::unsure(UNSURE)) } else { Err(error).db() };
            }
        }
        if let Some(turn) = turn {
            turn.recorded();
        }
        self.nudges.send(&self.store).await;
        Ok(())
    }

    /// Refuses a statement after one that failed.
    fn goes_on(&self) -> Result<(), DbErr> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(DbErr::Custom("an earlier statement of this transaction failed".to_owned()));
        }
        Ok(())
    }

    /// Remembers a failed statement.
    fn remember_failure<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        done.inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
    }
}

/// The text for a commit without an answer.
const UNSURE: &str = "the connection to the store broke during this change, which may or may not have been recorded; \
                      check before you try again";

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.goes_on()?;
        self.remember_failure(self.connection.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.goes_on()?;
        self.remember_failure(self.connection.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.goes_on()?;
        self.remember_failure(self.connection.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.goes_on()?;
        self.remember_failure(self.connection.query_all_raw(statement).await)
    }
}
