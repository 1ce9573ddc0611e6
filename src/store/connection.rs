//! What statements are sent through.
//!
//! The rule: `SqlStore` gives no other. PostgreSQL keeps no character NUL, which a name, a comment or an answer may
//! hold: it becomes U+FFFD on the way there, in what is recorded as in what is looked for.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, Value, Values,
};

/// A transaction.
pub(super) type Transaction = Fitted<DatabaseTransaction>;

/// A connection whose statements hold what their database can keep.
#[derive(Debug, Clone)]
pub(super) struct Fitted<C>(pub C);

impl Transaction {
    /// Ends it; from here on others see what it wrote.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.0.commit().await
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
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(fitted(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(fitted(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(fitted(statement)).await
    }
}
