//! Server-sent events, in the distinct connections mode of graphql-sse: one operation, one stream.
//!
//! Each result is `event: next`; after the last one comes `event: complete`, which has empty data. A
//! document that cannot be executed is one `next` with errors, because `EventSource` hides the body of an
//! error status. The rule: a stream that the server cuts short (it stops) ends without `complete`, so that
//! the client knows to come back.

use std::{convert::Infallible, panic::AssertUnwindSafe, time::Duration};

use async_graphql::Executor;
use axum::{
    http::header,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;

use super::{
    Door,
    answer::{Answer, Refusal, log_panic},
    request::{Prepared, RequestId},
    value,
};

/// So often a comment keeps a silent stream open through proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

/// Executes an operation of any kind and streams its results.
pub fn stream<E: Executor>(door: &Door<E>, prepared: Prepared, id: RequestId) -> Response {
    let results = door.executor.execute_stream(prepared.request, None);
    let results = AssertUnwindSafe(results).catch_unwind().map(move |result| match result {
        Ok(response) => next(Answer::new(response, &id).to_json()),
        Err(panic) => {
            log_panic(&*panic, &id);
            next(Answer::internal(&id).to_json())
        }
    });
    let events = results.chain(stream::once(async { complete() }));
    respond(events.take_until(door.stop.token.clone().cancelled_owned()))
}

/// The stream of a document that cannot be executed.
pub fn refuse(refusal: &Refusal) -> Response {
    respond(stream::iter([next(json!({ "errors": refusal.errors() }).to_string()), complete()]))
}

fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let mut response =
        Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // A proxy that buffers would hold the events back.
    response.headers_mut().insert("x-accel-buffering", value("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, value("no-cache"));
    response
}

fn next(json: String) -> Event {
    Event::default().event("next").data(json)
}

fn complete() -> Event {
    Event::default().event("complete").data("")
}
