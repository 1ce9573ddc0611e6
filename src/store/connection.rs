//! The connection that statements are sent through.
//!
//! The rules: `SqlStore` hands out no other. PostgreSQL cannot store the character NUL, which a name, a comment or an
//! answer may contain. It becomes U+FFFD in every statement, in recorded values and in search terms.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value, Values};

use super::condition::Condition;

/// A connection that adapts values to its database and reports failures to the store's condition.
#[derive(Debug, Clone)]
pub(super) struct Fitted<C> {
    pub bare: C,
    condition: Arc<Condition>,
}

impl<C> Fitted<C> {
    pub(super) const fn new(bare: C, condition: Arc<Condition>) -> Self {
        Self { bare, condition }
    }

    /// Reports a failure to the store's condition.
    fn report_failure<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        done.inspect_err(|error| self.condition.failed(error))
    }
}

/// Replaces characters that the database cannot store.
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
        self.report_failure(self.bare.execute_raw(fitted(statement)).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.report_failure(self.bare.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.report_failure(self.bare.query_one_raw(fitted(statement)).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.report_failure(self.bare.query_all_raw(fitted(statement)).await)
    }
}
