//! Statements that differ between databases: text search, keys ahead of an insert, planner hints, locks.
//!
//! The rule: each difference is one function here with an arm for each database; the arms call the database's own file.
//! To add a database, add a file and an arm of each `match`. Full-text search is in `full_text.rs`.

pub(super) mod postgres;
pub(super) mod sqlite;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement,
    sea_query::{Expr, ExprTrait, SelectStatement},
};

use entity::run;

use crate::domain::{Result, identity::Identity};

/// Takes the write lock for a transaction that has just begun, so that what it reads is what it changes. SQLite takes
/// it with the beginning of the transaction.
pub(super) async fn lock(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let statement = Statement::from_string(DbBackend::Postgres, postgres::LOCK);
    let missing = || DbErr::Custom("the store has no write lock; restart Gloss, which creates it".to_owned());
    transaction.query_one_raw(statement).await?.map(drop).ok_or_else(missing)
}

/// Removes deleted and overwritten secrets from the store's files. This may take long: SQLite rewrites the whole file.
pub(super) async fn scrub(writer: &DatabaseConnection) -> Result<(), DbErr> {
    let statements = match writer.get_database_backend() {
        DbBackend::Sqlite => sqlite::SCRUB,
        _ => postgres::SCRUB,
    };
    for statement in statements {
        writer.execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Returns the column in a form for which the planner uses no index. The database would otherwise plan by statistics
/// that are missing or older than the transaction.
pub(super) fn plain(backend: DbBackend, column: Expr) -> Expr {
    match backend {
        DbBackend::Sqlite => sqlite::plain(column),
        _ => postgres::plain(column),
    }
}

/// Matches runs whose search text contains `needle`, which must be in lower case. Scans; uses no index.
pub(super) fn holds(backend: DbBackend, needle: &str) -> Expr {
    let text = Expr::col((run::Entity, run::Column::SearchText));
    contains(backend, text, needle)
}

/// Matches if a text contains another. Both must be in lower case.
pub(super) fn contains(backend: DbBackend, text: Expr, needle: &str) -> Expr {
    let place = match backend {
        DbBackend::Sqlite => sqlite::place_of(text, needle),
        _ => postgres::place_of(text, needle),
    };
    place.gt(0)
}

/// Matches if the first line of a text contains another text. Both must be in lower case.
pub(super) fn first_line_contains(backend: DbBackend, text: Expr, needle: &str) -> Expr {
    let place = match backend {
        DbBackend::Sqlite => sqlite::place_in_first_line(text, needle),
        _ => postgres::place_in_first_line(text, needle),
    };
    place.gt(0)
}

/// Selects the keys of the runs whose text contains `needle`, by the search index. Returns `None` if no index can
/// answer.
pub(super) fn search(backend: DbBackend, needle: &str) -> Option<SelectStatement> {
    indexed(backend, "run_search", "run_search MATCH ?", needle)
}

/// The same as [`search`], for the audit.
pub(super) fn search_audit(backend: DbBackend, needle: &str) -> Option<SelectStatement> {
    indexed(backend, "applied_comment_search", "applied_comment_search MATCH ?", needle)
}

/// Makes a statement read a table along this index in SQLite, whose planner has no statistics and would choose another.
pub(super) fn along(mut statement: Statement, table: &str, index: &str) -> Statement {
    if statement.db_backend == DbBackend::Sqlite {
        let from = format!("FROM \"{table}\"");
        statement.sql = statement.sql.replacen(&from, &format!("{from} INDEXED BY {index}"), 1);
    }
    statement
}

fn indexed(backend: DbBackend, index: &'static str, matches: &'static str, needle: &str) -> Option<SelectStatement> {
    match backend {
        DbBackend::Sqlite => sqlite::indexed(index, matches, needle),
        _ => None,
    }
}

/// Matches if two values are equal or both null.
pub(super) fn same(backend: DbBackend, one: Expr, other: Expr) -> Expr {
    match backend {
        DbBackend::Sqlite => sqlite::same(one, other),
        _ => postgres::same(one, other),
    }
}

/// Returns the keys of the next runs. Call it inside the transaction that records them.
pub(super) async fn next_run_ids(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<i64>> {
    match connection.get_database_backend() {
        DbBackend::Sqlite => sqlite::next_run_ids(connection, count).await,
        _ => postgres::next_run_ids(connection, count).await,
    }
}

/// Returns the identity of a store in PostgreSQL; `None` for a file, or if the server does not report it.
pub(super) async fn identity(connection: &DatabaseConnection) -> Result<Option<Identity>, DbErr> {
    match connection.get_database_backend() {
        DbBackend::Postgres => postgres::identity(connection).await,
        _ => Ok(None),
    }
}

/// Returns the database's name and version for display.
pub(super) async fn name(connection: &DatabaseConnection) -> Result<String, DbErr> {
    let backend = connection.get_database_backend();
    let (name, question) = match backend {
        DbBackend::Sqlite => ("SQLite", sqlite::VERSION),
        _ => ("PostgreSQL", postgres::VERSION),
    };
    let row = connection.query_one_raw(Statement::from_string(backend, question)).await?;
    let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(format!("{name} {version}"))
}

/// Returns the database's first complaint about its own content; `None` if it has none or checks by itself.
pub(super) async fn damage(connection: &DatabaseConnection) -> Result<Option<String>, DbErr> {
    let backend = connection.get_database_backend();
    if backend != DbBackend::Sqlite {
        return Ok(None);
    }
    let row = connection.query_one_raw(Statement::from_string(backend, sqlite::CHECK)).await?;
    let said: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    // The first complaint may take several lines.
    let said = said.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Ok(Some(said).filter(|said| said != "ok"))
}

/// Returns the first row that refers to a missing one; `None` if there is none, or if the database enforces references
/// at all times.
pub(super) async fn broken_reference(connection: &DatabaseConnection) -> Result<Option<String>, DbErr> {
    let backend = connection.get_database_backend();
    if backend != DbBackend::Sqlite {
        return Ok(None);
    }
    let row = connection.query_one_raw(Statement::from_string(backend, sqlite::CHECK_REFERENCES)).await?;
    let Some(row) = row else { return Ok(None) };
    let (table, parent): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(2)?);
    Ok(Some(format!("a row of {table} refers to a row of {parent} that is missing")))
}

/// Takes the next place among the requests to a model, in PostgreSQL. Returns the microseconds to wait for it; below 0
/// if it has passed.
pub(super) async fn take_place(
    connection: &impl ConnectionTrait,
    profile: i64,
    interval: i64,
    lead: i64,
) -> Result<i64, DbErr> {
    let values = [profile.into(), interval.into(), lead.into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, postgres::TAKE_PLACE, values);
    let row = connection.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Returns the database's name for traces.
pub(super) const fn system(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Sqlite => "sqlite",
        _ => "postgresql",
    }
}

/// Returns the last number that a table's rows were given; `None` if its rows are not numbered, or none was given.
pub(super) async fn last_number(connection: &DatabaseConnection, table: &str) -> Result<Option<i64>, DbErr> {
    let backend = connection.get_database_backend();
    let question = match backend {
        DbBackend::Sqlite => sqlite::LAST_NUMBER,
        _ => postgres::LAST_NUMBER,
    };
    let row = connection.query_one_raw(Statement::from_sql_and_values(backend, question, [table.into()])).await?;
    row.map_or(Ok(None), |row| row.try_get_by_index(0))
}

/// Continues the numbers of a table's rows after `last`.
pub(super) async fn set_last_number(connection: &DatabaseConnection, table: &str, last: i64) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let statements = match backend {
        DbBackend::Sqlite => sqlite::SET_LAST_NUMBER,
        _ => postgres::SET_LAST_NUMBER,
    };
    for statement in statements {
        let values = [table.into(), last.into()];
        connection.query_all_raw(Statement::from_sql_and_values(backend, *statement, values)).await?;
    }
    Ok(())
}
