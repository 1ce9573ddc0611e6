//! The same statement over sqlx, without GraphQL.

use std::path::Path;

use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::post,
};
use sqlx::{
    AssertSqlSafe, Pool, Row as _, Sqlite,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteRow},
};

use super::{
    CACHE, READERS,
    page::{self, COLUMNS, FROM, KIND, Row},
};
use crate::Result;

/// Selects the shown columns or, with `whole`, all others too.
pub async fn router(store: &Path, whole: bool) -> Result<Router> {
    let options = SqliteConnectOptions::new().filename(store).read_only(true).pragma("cache_size", CACHE);
    let pool = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false).connect_with(options);
    let pool = pool.await?;
    let others = if whole { other_columns(&pool).await? } else { String::new() };
    let sql = format!("SELECT {COLUMNS}{others} {FROM}");
    let answer = move |_request: Bytes| {
        let (pool, sql) = (pool.clone(), sql.clone());
        async move {
            match read(&pool, sql).await {
                Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
            }
        }
    };
    Ok(Router::new().route("/graphql", post(answer)))
}

async fn other_columns(pool: &Pool<Sqlite>) -> Result<String> {
    let rows = sqlx::query("SELECT name FROM pragma_table_info('run')").fetch_all(pool).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let others = names.into_iter().filter(|name| !COLUMNS.split(", ").any(|shown| shown.trim() == name));
    Ok(others.map(|name| format!(r#", "{name}""#)).collect())
}

async fn read(pool: &Pool<Sqlite>, sql: String) -> Result<Vec<u8>> {
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(KIND).fetch_all(pool).await?;
    page::write(rows.iter().map(row).collect::<Result<_, _>>()?)
}

fn row(row: &SqliteRow) -> Result<Row, sqlx::Error> {
    Ok(Row {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        command: row.try_get(2)?,
        status: row.try_get(3)?,
        listed_at: row.try_get(4)?,
        scope_summary: row.try_get(5)?,
        model: row.try_get(6)?,
        db_profile_name: row.try_get(7)?,
        started_at: row.try_get(8)?,
        active_ms: row.try_get(9)?,
        rows_total: row.try_get(10)?,
        rows_done: row.try_get(11)?,
    })
}
