//! What statements are sent through.
//!
//! The rules: `SqlStore` gives no other. PostgreSQL keeps no character NUL, which a name, a comment or an answer may
//! hold: it becomes U+FFFD on the way there, in what is recorded as in what is looked for. A statement that fails ends
//! its transaction: SQLite may have rolled back by itself, and then each later statement would be recorded alone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value, Values,
};

use super::{condition::Condition, dialect};
use crate::domain::{Error, Result as DomainResult};

/// A transaction.
pub(super) type Transaction = Fitted<DatabaseTransaction>;

/// A connection whose statements hold what their database can keep, and whose failures are noticed.
#[derive(Debug, Clone)]
pub(super) struct Fitted<C> {
    /// The connection itself.
    pub bare: C,
    condition: Arc<Condition>,
    /// Whether a statement of this transaction has failed; `None` where each statement stands alone.
    failed: Option<Arc<AtomicBool>>,
}

impl<C> Fitted<C> {
    /// A connection whose statements stand alone.
    pub(super) const fn single(bare: C, condition: Arc<Condition>) -> Self {
        Self { bare, condition, failed: None }
    }

    /// Refuses a statement after one that failed.
    fn goes_on(&self) -> Result<(), DbErr> {
        match &self.failed {
            Some(failed) if failed.load(Ordering::Relaxed) => {
                Err(DbErr::Custom("an earlier statement of this transaction failed".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Takes note of what failed.
    fn heed<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        done.inspect_err(|error| {
            self.condition.failed(error);
            if let Some(failed) = &self.failed {
                failed.store(true, Ordering::Relaxed);
            }
        })
    }
}

impl Transaction {
    /// A transaction that has begun.
    pub(super) fn begun(bare: DatabaseTransaction, condition: Arc<Condition>) -> Self {
        Self { bare, condition, failed: Some(Arc::default()) }
    }

    /// Ends it; from here on others see what it wrote.
    ///
    /// # Errors
    /// `Unsure` where the connection broke before the database answered; after any other error nothing is recorded.
    pub(super) async fn commit(self) -> DomainResult<()> {
        self.goes_on()?;
        match self.bare.commit().await {
            Ok(()) => {
                self.condition.wrote();
                Ok(())
            }
            Err(error) => {
                self.condition.failed(&error);
                Err(if dialect::is_away(&error) { Error::unsure(UNSURE) } else { error.into() })
            }
        }
    }
}

/// What is said when a commit was not answered.
const UNSURE: &str = "the connection to the store broke during this change, which may or may not have been recorded; \
                      check before you try again";

/// The statement with what its database can keep.
fn fitted(mut statement: Statement) -> Statement {
    if let (DbBackend::Postgres, Some(Values(values))) = (statement.db_backend, &mut statement.values) {
        for value in values {
            if let Value::String(Some(text)) = value
                && text.contains('\0')
            {
                *text = text.replace('\0', "\u{FFFD}");
            }
        }
    }
    statement
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Fitted<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.bare.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.goes_on()?;
        self.heed(self.bare.execute_raw(fitted(statement)).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.goes_on()?;
        self.heed(self.bare.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.goes_on()?;
        self.heed(self.bare.query_one_raw(fitted(statement)).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.goes_on()?;
        self.heed(self.bare.query_all_raw(fitted(statement)).await)
    }
}
