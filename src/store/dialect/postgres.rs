//! The parts of statements and errors that are particular to PostgreSQL.

use sea_orm::{
    ConnectionTrait, DbErr, SqlxError, Statement,
    sea_query::{Expr, ExprTrait, Func, Query},
    sqlx::{postgres::PgConnection, query_scalar, raw_sql},
};

use crate::{
    domain::{Error, Result, identity::Identity},
    store::trouble::{DbResult as _, Trouble},
};

/// Statements that remove deleted secrets from the data files.
pub(super) const SCRUB: &[&str] = &["VACUUM (FULL) db_profile, llm_profile, seal"];
/// Selects the last number of a table's rows.
pub(super) const LAST_NUMBER: &str = "SELECT pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass)";
/// Sets the last number of a table's rows.
pub(super) const SET_LAST_NUMBER: &[&str] = &["SELECT setval(pg_get_serial_sequence($1, 'id'), $2)"];
/// Moves the next place of an LLM profile by an interval, and returns how long the place that it was is away, less the
/// lead. It goes by the server's clock, which all processes share.
pub(super) const TAKE_PLACE: &str = "\
    INSERT INTO model_pace AS pace (llm_profile_id, next_us) \
    VALUES ($1, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint + $2) \
    ON CONFLICT (llm_profile_id) DO UPDATE SET \
        next_us = greatest(pace.next_us, (extract(epoch FROM statement_timestamp()) * 1000000)::bigint) + $2 \
    RETURNING next_us - $2 - $3 - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
/// Selects the server's version.
pub(super) const VERSION: &str = "SELECT split_part(current_setting('server_version'), ' ', 1)";

/// Creates the table whose only row is the write lock.
const CREATE_LOCK: &str = "CREATE TABLE IF NOT EXISTS write_lock (id integer PRIMARY KEY); \
                           INSERT INTO write_lock (id) VALUES (1) ON CONFLICT DO NOTHING";
/// Takes the write lock until the transaction ends. It is the lock of a row, because databases that only speak
/// PostgreSQL's protocol lack advisory locks.
pub(super) const LOCK: &str = "SELECT id FROM write_lock WHERE id = 1 FOR UPDATE";

/// Takes the write lock for as long as this connection lives, so that nothing else writes to the store. Waits for a
/// process that migrates the store.
pub(in crate::store) async fn hold(connection: &mut PgConnection) -> Result<(), SqlxError> {
    // Two processes that create the table at the same time may collide. The next attempt finds it.
    if raw_sql(CREATE_LOCK).execute(&mut *connection).await.is_err() {
        raw_sql(CREATE_LOCK).execute(&mut *connection).await?;
    }
    let settings = "SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0";
    raw_sql(settings).execute(&mut *connection).await?;
    raw_sql("BEGIN").execute(&mut *connection).await?;
    raw_sql(LOCK).execute(connection).await.map(drop)
}

/// Releases the write lock.
pub(in crate::store) async fn release(connection: &mut PgConnection) -> Result<(), SqlxError> {
    raw_sql("ROLLBACK").execute(connection).await.map(drop)
}

/// Returns whether the database's encoding can hold any text.
pub(in crate::store) async fn holds_any_text(connection: &mut PgConnection) -> Result<bool, SqlxError> {
    query_scalar("SELECT current_setting('server_encoding') = 'UTF8'").fetch_one(connection).await
}

/// Returns whether the error means that another process has held the write lock for too long.
pub(in crate::store) fn is_held(error: &SqlxError) -> bool {
    error.as_database_error().is_some_and(|said| said.code().is_some_and(|code| code == "55P03"))
}

/// Classifies an error by its SQLSTATE code.
pub(in crate::store) fn trouble(code: &str) -> Option<Trouble> {
    match code {
        "53100" => Some(Trouble::Full),
        "53200" | "58030" => Some(Trouble::Failing),
        "25006" => Some(Trouble::ReadOnly),
        "XX001" | "XX002" => Some(Trouble::Damaged),
        // Too many connections, a database that is gone, a transaction that paused for too long, operator intervention,
        // connection exceptions.
        "53300" | "3D000" | "25P03" => Some(Trouble::Away),
        // The write lock was not free in time; a deadlock or a conflict, which a distributed database may report.
        "55P03" | "40001" | "40P01" => Some(Trouble::Locked),
        _ if code.starts_with("57P") || code.starts_with("08") => Some(Trouble::Away),
        _ => None,
    }
}

/// Returns the column in a form for which the planner uses no index.
pub(super) fn plain(column: Expr) -> Expr {
    Func::coalesce([column.clone(), column]).into()
}

/// The position of one text in another, counted from 1; 0 if it is absent.
pub(super) fn place_of(text: Expr, needle: &str) -> Expr {
    Expr::cust_with_exprs("strpos($1, $2)", [text, Expr::val(needle)])
}

/// The same as [`place_of`], in the first line.
pub(super) fn place_in_first_line(text: Expr, needle: &str) -> Expr {
    Expr::cust_with_exprs("strpos(split_part($1, chr(10), 1), $2)", [text, Expr::val(needle)])
}

/// Matches if two values are equal or both null.
pub(super) fn same(one: Expr, other: Expr) -> Expr {
    // With `IS NOT DISTINCT FROM`, PostgreSQL would not use the index.
    one.clone().eq(other.clone()).or(one.is_null().and(other.is_null()))
}

/// Returns the keys of the next runs.
pub(super) async fn next_run_ids(connection: &impl ConnectionTrait, count: usize) -> Result<Vec<i64>> {
    let count = i64::try_from(count).map_err(Error::internal)?;
    let mut query = Query::select();
    query.expr(Expr::cust("nextval(pg_get_serial_sequence('run', 'id'))"));
    query.from_function(Func::cust("generate_series").args([1, count].map(Expr::val)), "n");
    let rows = connection.query_all(&query).await.db()?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().db()
}

/// Returns the database's identity, or `None` if the server does not report it.
pub(super) async fn identity(connection: &impl ConnectionTrait) -> Result<Option<Identity>, DbErr> {
    let question = "SELECT system_identifier::text, oid::text, datname::text \
                    FROM pg_catalog.pg_control_system(), pg_catalog.pg_database WHERE datname = current_database()";
    let question = Statement::from_string(connection.get_database_backend(), question);
    let Some(row) = connection.query_one_raw(question).await? else { return Ok(None) };
    let (system, oid): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    Ok(Some(Identity::of_postgres(&system, &oid, row.try_get_by_index(2)?, "the store's server")))
}
