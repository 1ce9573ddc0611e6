//! The id of a request: generated here or taken from a proxy, returned as a header, and written to the log.

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

use crate::domain::clock::{Clock, SystemClock};

/// The header that carries the id in requests and responses.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request. It is in the response's header and in the log. An INTERNAL error carries it too, because the
/// cause of such an error is only in the log.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// Reads the id that [`set_request_id`] put into the headers.
    pub fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Gives each request an id. An id that a proxy has set is kept if it has 1 to 64 characters out of ASCII letters,
/// digits and `-_.`; otherwise the request gets a new one.
pub async fn set_request_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).is_some_and(|id| {
        !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    if !given && let Ok(id) = HeaderValue::from_str(&new_id()) {
        request.headers_mut().insert(REQUEST_ID, id);
    }
    next.run(request).await
}

/// Returns an id that is unique across restarts: the start time in microseconds and a counter.
fn new_id() -> String {
    static START: LazyLock<i64> = LazyLock::new(|| SystemClock.now().timestamp_micros());
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", *START, COUNTER.fetch_add(1, Ordering::Relaxed))
}
