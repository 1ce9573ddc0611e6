//! The id of a request.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

/// The header that names a request in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: in its answer, in the log, and in an error whose cause is in the log alone.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// The id that [`set_request_id`] has left in the headers.
    pub fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives each request an id: the one that a proxy in front gave it, where it is a plain short word, else a
/// new one.
pub async fn set_request_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).is_some_and(|id| {
        !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    if !given && let Ok(id) = HeaderValue::from_str(&new_id()) {
        request.headers_mut().insert(REQUEST_ID, id);
    }
    next.run(request).await
}

/// Unique over restarts as well: the moment of the start, in microseconds, and a counter.
fn new_id() -> String {
    static START: LazyLock<i64> = LazyLock::new(|| chrono::Utc::now().timestamp_micros());
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", *START, COUNTER.fetch_add(1, Ordering::Relaxed))
}
