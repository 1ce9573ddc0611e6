//! What statements are sent through.
//!
//! The rules: `SqlStore` gives no other. PostgreSQL keeps no character NUL, which a name, a comment or an answer may
//! hold: it becomes U+FFFD on the way there, in what is recorded as in what is looked for.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value, Values};

use super::condition::Condition;

/// A connection whose statements hold what their database can keep, and whose failures are noticed.
#[derive(Debug, Clone)]
pub(super) struct Fitted<C> {
    /// The connection itself.
    pub bare: C,
    condition: Arc<Condition>,
}

impl<C> Fitted<C> {
    pub(super) const fn new(bare: C, condition: Arc<Condition>) -> Self {
        Self { bare, condition }
    }

    /// Takes note of what failed.
    fn heed<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        done.inspect_err(|error| self.condition.failed(error))
    }
}

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
        self.heed(self.bare.execute_raw(fitted(statement)).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.heed(self.bare.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.heed(self.bare.query_one_raw(fitted(statement)).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.heed(self.bare.query_all_raw(fitted(statement)).await)
    }
}
