//! Server-sent events, in the distinct connections mode of graphql-sse: one operation, one stream.
//!
//! Each result is `event: next`; after the last one comes `event: complete`, whose empty `data` is written
//! out because a browser drops an event without. A document that cannot be executed is one `next` with
//! errors, because `EventSource` hides the body of an error status. The rule: a stream that the server cuts
//! short (it stops) ends without `complete`, so that the client knows to come back.

use std::{convert::Infallible, panic::AssertUnwindSafe, time::Duration};

use async_graphql::Executor;
use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, future::ready, stream};
use serde_json::json;

use super::{
    Door,
    answer::{Answer, Media, Refusal, log_panic},
    asker::{ACCESS_ENDED, Asker},
    request::{Prepared, RequestId},
    value,
};

/// So often a comment keeps a silent stream open through proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

/// Executes an operation of any kind and streams its results.
pub fn stream<E: Executor>(door: Door<E>, asker: &Asker, prepared: Prepared, id: RequestId) -> Response {
    let dismissed = asker.dismissed.clone();
    let stopped = door.stop.token.clone().cancelled_owned();
    let results = AssertUnwindSafe(door.execute_stream(prepared)).catch_unwind();
    let frames = results.map(move |result| match result {
        Ok(response) => next(&Answer::new(response, &id).to_json()),
        Err(panic) => {
            log_panic(&*panic, &id);
            next(&Answer::internal(&id).to_json())
        }
    });
    let frames = frames.chain(stream::once(async { complete() }));
    let ended = Refusal::document("UNAUTHENTICATED", ACCESS_ENDED);
    let goodbye = [next(&json!({ "errors": ended.errors() }).to_string()), complete()];
    let frames = frames.take_until(dismissed.clone().cancelled_owned());
    let frames = frames.chain(stream::iter(goodbye).filter(move |_| ready(dismissed.is_cancelled())));
    // The interval's first tick is at once: the client sees that the stream is open.
    let frames = tokio_stream::StreamExt::timeout_repeating(frames, tokio::time::interval(KEEP_ALIVE))
        .map(|frame| frame.unwrap_or_else(|_silent| ":\n\n".to_owned()));
    respond(frames.take_until(stopped))
}

/// The stream of a document that cannot be executed.
pub fn refuse(refusal: &Refusal) -> Response {
    respond(stream::iter([next(&json!({ "errors": refusal.errors() }).to_string()), complete()]))
}

fn respond(frames: impl Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(frames.map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, Media::EventStream.content_type()),
        (header::CACHE_CONTROL, value("no-cache")),
        // A proxy that buffers would hold the events back.
        (header::HeaderName::from_static("x-accel-buffering"), value("no")),
    ];
    (headers, body).into_response()
}

/// One result; its JSON is a single line.
fn next(json: &str) -> String {
    format!("event: next\ndata: {json}\n\n")
}

fn complete() -> String {
    "event: complete\ndata:\n\n".to_owned()
}
