//! The same statement over sqlx on PostgreSQL, without GraphQL.

use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::post,
};
use sqlx::{
    AssertSqlSafe, PgPool, Row as _,
    postgres::{PgPoolOptions, PgRow},
};

use super::{
    READERS,
    page::{self, COLUMNS, FROM, KIND, Row},
};
use crate::Result;

pub async fn router(url: &str) -> Result<Router> {
    let pool = PgPoolOptions::new().max_connections(READERS).test_before_acquire(false).connect(url).await?;
    let sql = format!("SELECT {COLUMNS} {}", FROM.replace('?', "$1"));
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

async fn read(pool: &PgPool, sql: String) -> Result<Vec<u8>> {
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(KIND).fetch_all(pool).await?;
    page::write(rows.iter().map(row).collect::<Result<_, _>>()?)
}

fn row(row: &PgRow) -> Result<Row, sqlx::Error> {
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
