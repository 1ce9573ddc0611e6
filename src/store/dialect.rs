//! What one database needs otherwise than the rest, and nothing else: text search, keys ahead of an
//! insert, hints. SQLite today; another database is another arm of each `match`.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use entity::run;

use crate::domain::{Error, Result};

/// Leaves nothing of what was deleted or overwritten in the store's files. It may take long: it writes the store anew.
pub(super) async fn scrub(writer: &DatabaseConnection) -> Result<(), DbErr> {
    if writer.get_database_backend() == DbBackend::Sqlite {
        // The copy may be larger than the memory.
        for statement in
            ["PRAGMA temp_store = file", "VACUUM", "PRAGMA temp_store = memory", "PRAGMA wal_checkpoint(TRUNCATE)"]
        {
            writer.execute_unprepared(statement).await?;
        }
    }
    Ok(())
}

/// Characters of a searched text from which the search index answers.
const INDEXED_SEARCH_FROM: usize = 3;

/// A column that no index is to be chosen for: the statement is planned by us, not by guesses of a
/// database without statistics.
pub(super) fn plain(backend: DbBackend, column: Expr) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_expr("+?", column),
        _ => column,
    }
}

/// Runs whose text holds this one, looked at one by one.
pub(super) fn holds(backend: DbBackend, needle: &str) -> Expr {
    let text = Expr::col((run::Entity, run::Column::SearchText));
    contains(backend, text, needle)
}

/// Whether a text holds another, both in lower case already.
pub(super) fn contains(backend: DbBackend, text: Expr, needle: &str) -> Expr {
    match backend {
        DbBackend::Sqlite => Expr::cust_with_exprs("instr(?, ?)", [text, Expr::val(needle)]).gt(0),
        _ => Expr::cust_with_exprs("strpos($1, $2)", [text, Expr::val(needle)]).gt(0),
    }
}

/// The keys of the runs whose text holds this one, by the search index; `None` where that cannot answer.
pub(super) fn search(backend: DbBackend, needle: &str) -> Option<SelectStatement> {
    indexed(backend, "run_search", "run_search MATCH ?", needle)
}

/// The same for the audit.
pub(super) fn search_audit(backend: DbBackend, needle: &str) -> Option<SelectStatement> {
    indexed(backend, "applied_comment_search", "applied_comment_search MATCH ?", needle)
}

fn indexed(backend: DbBackend, index: &'static str, matches: &'static str, needle: &str) -> Option<SelectStatement> {
    let answers = needle.chars().count() >= INDEXED_SEARCH_FROM && !needle.contains('\0');
    if backend != DbBackend::Sqlite || !answers {
        return None;
    }
    // A phrase: everything in it is plain but the double quote, which stands twice.
    let phrase = format!("\"{}\"", needle.replace('"', "\"\""));
    let mut query = Query::select();
    query.expr(Expr::col("rowid")).from(index).and_where(Expr::cust_with_expr(matches, phrase));
    Some(query)
}

/// The keys of the next runs, inside the transaction that will record them.
pub(super) async fn next_run_ids(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<i64>> {
    match connection.get_database_backend() {
        DbBackend::Sqlite => {
            let mut query = Query::select();
            query.column("seq").from("sqlite_sequence").and_where(Expr::col("name").eq("run"));
            let last = super::number(connection, &query).await?;
            Ok((last + 1..).take(count).collect())
        }
        backend => Err(Error::internal(format!("{backend:?} gives no keys yet"))),
    }
}

/// What the database is, for a person.
pub(super) async fn name(connection: &DatabaseConnection) -> Result<String, DbErr> {
    let backend = connection.get_database_backend();
    let (name, question) = match backend {
        DbBackend::Sqlite => ("SQLite", "SELECT sqlite_version()"),
        _ => ("PostgreSQL", "SHOW server_version"),
    };
    let row = connection.query_one_raw(Statement::from_string(backend, question)).await?;
    let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(format!("{name} {version}"))
}
