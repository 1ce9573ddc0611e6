//! The page as structures that serde writes, and the statement that reads it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use serde::Serialize;

use crate::Result;

/// Number of runs on the page.
pub const SIZE: usize = 50;
/// The columns that the page shows, in the order of [`Row`].
pub const COLUMNS: &str = "id, kind, command, status, listed_at, scope_summary, model, db_profile_name, started_at, \
    active_ms, rows_total, rows_done";
/// The other parts of Gloss's statement. It reads one more row than it shows.
pub const FROM: &str = "FROM run WHERE kind = ? ORDER BY listed_at DESC, id DESC LIMIT 51";
pub const KIND: &str = "ANALYZE";

/// A run as it is stored. None of the runs is active, so `active_ms` is its whole duration.
pub struct Row {
    pub id: i64,
    pub kind: String,
    pub command: String,
    pub status: String,
    pub listed_at: i64,
    pub scope_summary: String,
    pub model: Option<String>,
    pub db_profile_name: Option<String>,
    pub started_at: Option<i64>,
    pub active_ms: i64,
    pub rows_total: Option<i32>,
    pub rows_done: i32,
}

impl Row {
    pub fn cursor(&self) -> String {
        cursor(self.listed_at, self.id)
    }
}

pub fn cursor(listed_at: i64, id: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"l":"runs:STARTED_AT:DESC","k":[{listed_at},{id}]}}"#))
}

pub fn global_id(id: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("Run:{id}"))
}

pub fn seconds(started_at: Option<i64>, active_ms: i64) -> Option<f64> {
    started_at.map(|_| active_ms as f64 / 1_000.0)
}

#[derive(Serialize)]
struct Body {
    data: Data,
}

#[derive(Serialize)]
struct Data {
    runs: Runs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Runs {
    edges: Vec<Edge>,
    page_info: PageInfo,
}

#[derive(Serialize)]
struct Edge {
    cursor: String,
    node: Run,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    id: String,
    number: i64,
    kind: String,
    command: String,
    status: String,
    scope_summary: String,
    model: Option<String>,
    db_profile_name: Option<String>,
    started_at: Option<String>,
    duration_seconds: Option<f64>,
    progress: Progress,
}

#[derive(Serialize)]
struct Progress {
    total: Option<i32>,
    done: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// Writes the page as JSON.
pub fn write(mut rows: Vec<Row>) -> Result<Vec<u8>> {
    let has_next_page = rows.len() > SIZE;
    rows.truncate(SIZE);
    let edges: Vec<Edge> = rows.into_iter().map(edge).collect();
    let end_cursor = edges.last().map(|edge| edge.cursor.clone());
    let body = Body { data: Data { runs: Runs { edges, page_info: PageInfo { has_next_page, end_cursor } } } };
    Ok(serde_json::to_vec(&body)?)
}

fn edge(row: Row) -> Edge {
    let moment = |millis| DateTime::from_timestamp_millis(millis).unwrap_or_default().to_rfc3339();
    Edge {
        cursor: row.cursor(),
        node: Run {
            id: global_id(row.id),
            number: row.id,
            duration_seconds: seconds(row.started_at, row.active_ms),
            started_at: row.started_at.map(moment),
            progress: Progress { total: row.rows_total, done: row.rows_done },
            kind: row.kind,
            command: row.command,
            status: row.status,
            scope_summary: row.scope_summary,
            model: row.model,
            db_profile_name: row.db_profile_name,
        },
    }
}
