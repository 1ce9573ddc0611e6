//! Server-sent events in the distinct connections mode of graphql-sse: one stream for one operation. The single
//! connection mode is in [`super::reserved`].
//!
//! Each result is an `event: next`, and an `event: complete` follows the last one. Its empty `data` field is required,
//! because browsers drop an event without one. A document that cannot be executed is reported as one `next` with
//! errors, because `EventSource` hides the body of an error status.
//!
//! The rule: a stream that the server cuts off when it stops ends without `complete`, so that the client reconnects.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};

use super::{
    Door, caller::Caller, live::Results, media::Media, peer::Peer, refusal::Refusal, request::Prepared,
    request_id::RequestId, value,
};

/// Executes an operation of any kind and streams its results.
pub fn stream(door: Door, caller: Caller, peer: &Peer, prepared: Prepared, id: RequestId) -> Response {
    let (token, every) = (door.stop.token.clone(), door.limits.ping_every);
    let results = Results::begin(door, caller, prepared, id).map(|piece| next(&piece.json()));
    let frames = keep_alive(results.chain(stream::once(async { complete() })), every);
    peer.keep_little();
    respond(frames.take_until(token.cancelled_owned()))
}

/// Returns the stream for a document that cannot be executed.
pub fn refuse(refusal: &Refusal) -> Response {
    respond(stream::iter([next(&refusal.to_json()), complete()]))
}

/// Adds a comment whenever nothing was sent for `every`, so that proxies keep the stream open. The first comment is
/// sent at once and tells the client that the stream is open.
pub fn keep_alive(frames: impl Stream<Item = String>, every: Duration) -> impl Stream<Item = String> {
    tokio_stream::StreamExt::timeout_repeating(frames, tokio::time::interval(every))
        .map(|frame| frame.unwrap_or_else(|_silent| ":\n\n".to_owned()))
}

/// Returns a response whose body is this stream of events.
pub fn respond(frames: impl Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(frames.map(Ok::<_, Infallible>));
    let headers = [
        (header::CONTENT_TYPE, Media::EventStream.content_type()),
        (header::CACHE_CONTROL, value("no-cache")),
        // Tells proxies not to buffer the events.
        (header::HeaderName::from_static("x-accel-buffering"), value("no")),
    ];
    (headers, body).into_response()
}

/// Formats one result as an event. `json` must be a single line.
fn next(json: &str) -> String {
    format!("event: next\ndata: {json}\n\n")
}

fn complete() -> String {
    "event: complete\ndata:\n\n".to_owned()
}
