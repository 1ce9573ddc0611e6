//! The same statement over rusqlite, whose connections live on threads of their own, without GraphQL.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::post,
};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::{
    CACHE, READERS,
    page::{self, COLUMNS, FROM, KIND, Row},
};
use crate::Result;

type Reply = oneshot::Sender<Result<Vec<u8>>>;

pub fn router(store: &Path) -> Result<Router> {
    let (requests, queue) = mpsc::channel::<Reply>();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..READERS {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(store, flags)?;
        connection.pragma_update(None, "cache_size", CACHE)?;
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            while let Ok(reply) = next() {
                let _ = reply.send(read(&connection));
            }
        });
    }
    let answer = move |_request: Bytes| {
        let (reply, read) = oneshot::channel();
        let sent = requests.send(reply);
        async move {
            match (sent, read.await) {
                (Ok(()), Ok(Ok(body))) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
                (_, Ok(Err(error))) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
                _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    };
    Ok(Router::new().route("/graphql", post(answer)))
}

fn read(connection: &Connection) -> Result<Vec<u8>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} {FROM}"))?;
    let rows = statement.query_map([KIND], row)?;
    page::write(rows.collect::<Result<_, _>>()?)
}

fn row(row: &rusqlite::Row<'_>) -> Result<Row, rusqlite::Error> {
    Ok(Row {
        id: row.get(0)?,
        kind: row.get(1)?,
        command: row.get(2)?,
        status: row.get(3)?,
        listed_at: row.get(4)?,
        scope_summary: row.get(5)?,
        model: row.get(6)?,
        db_profile_name: row.get(7)?,
        started_at: row.get(8)?,
        active_ms: row.get(9)?,
        rows_total: row.get(10)?,
        rows_done: row.get(11)?,
    })
}
