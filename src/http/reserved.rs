//! Server-sent events in the single connection mode of graphql-sse: one stream for many operations.
//!
//! A client reserves a stream (PUT) and opens it with the returned token (GET). It starts operations by POST, with the
//! token and `extensions.operationId`, and ends them by DELETE.
//!
//! The rules:
//!
//! - Only the caller that reserved a stream can use it.
//! - A stream can be opened once, within [`super::limits::Limits::reserved_for`] of the reservation.
//! - The reservation ends with its stream. It limits the running operations to the number that a WebSocket may have.
//! - An operation holds its reservation by a weak reference, because the reservation owns the operations that wait for
//!   the stream.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, ready},
};

use async_graphql::parser::types::OperationType;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{
    FutureExt, Stream, StreamExt,
    stream::{AbortHandle, Abortable, BoxStream, SelectAll},
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    Door,
    caller::Caller,
    limits::Permit,
    live::{Piece, Results},
    media::Media,
    peer::Peer,
    refusal::Refusal,
    request::Parameters,
    request_id::RequestId,
    sse, value,
};
use crate::{domain::Code, graphql::Viewer};

/// The header that carries a reservation's token; the query parameter `token` is an alternative.
const TOKEN: &str = "x-graphql-event-stream-token";

/// The reserved streams, by token.
#[derive(Clone, Default)]
pub struct Reservations(Arc<Mutex<HashMap<String, Arc<Reserved>>>>);

/// One reserved stream.
struct Reserved {
    viewer: Viewer,
    /// Sends started operations to the stream.
    start: mpsc::Sender<Frames>,
    /// The receiver of `start`, until the stream is opened.
    unopened: Mutex<Option<mpsc::Receiver<Frames>>>,
    running: Mutex<HashMap<String, AbortHandle>>,
    _permit: Permit,
}

type Frames = Abortable<BoxStream<'static, String>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the reservation token of a request; `None` if the request does not use this mode.
pub fn token(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let header = headers.get(TOKEN).and_then(|token| token.to_str().ok());
    header.map(str::to_owned).or_else(|| parameter(query, "token"))
}

/// Returns a parameter of a query string.
fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl Reservations {
    fn find(&self, token: &str, caller: &Caller) -> Result<Arc<Reserved>, Refusal> {
        let found = locked(&self.0).get(token).filter(|reserved| reserved.viewer == caller.viewer).cloned();
        let message = "this token has no reserved event stream; reserve one with PUT and open it promptly";
        found.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, message))
    }

    fn forget(&self, token: &str) {
        locked(&self.0).remove(token);
    }
}

/// PUT: reserves a stream and answers with its token.
pub fn reserve(door: &Door, caller: &Caller, headers: &HeaderMap) -> Result<Response, Refusal> {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
    if !["*/*", "text/*", "text/plain"].iter().any(|media| accepts.contains(media)) {
        let message = "the answer to a reservation is text/plain; accept that type";
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message));
    }
    let limit = door.limits.sockets_per_client;
    let permit = door.open.sockets.take(&caller.client, limit);
    let permit = permit
        .ok_or_else(|| Refusal::limit(format!("you have {limit} event streams, the maximum; close some first")))?;
    let token = random_token()?;
    let (start, unopened) = mpsc::channel(door.limits.operations_per_socket.max(1));
    let reserved = Reserved {
        viewer: caller.viewer.clone(),
        start,
        unopened: Mutex::new(Some(unopened)),
        running: Mutex::default(),
        _permit: permit,
    };
    locked(&door.open.reservations.0).insert(token.clone(), Arc::new(reserved));
    let (reservations, expired, within) = (door.open.reservations.clone(), token.clone(), door.limits.reserved_for);
    tokio::spawn(async move {
        tokio::time::sleep(within).await;
        let reserved = locked(&reservations.0).get(&expired).cloned();
        // Taking the receiver ends the operations that wait for the stream, even if another one is just being started.
        let unopened = reserved.and_then(|reserved| locked(&reserved.unopened).take());
        if unopened.is_some() {
            reservations.forget(&expired);
        }
    });
    let headers =
        [(header::CONTENT_TYPE, value("text/plain; charset=utf-8")), (header::CACHE_CONTROL, value("no-store"))];
    Ok((StatusCode::CREATED, headers, token).into_response())
}

/// GET: opens a reserved stream.
pub fn open(door: &Door, caller: &Caller, peer: &Peer, token: String) -> Result<Response, Refusal> {
    let reserved = door.open.reservations.find(&token, caller)?;
    let starts = locked(&reserved.unopened).take();
    let starts = starts.ok_or_else(|| {
        let message = "this stream is already open; reserve another one";
        Refusal::new(StatusCode::CONFLICT, Code::Conflict, message)
    })?;
    let (dismissed, stopped) = (caller.dismissed.clone(), door.stop.token.clone());
    let events = Events {
        starts,
        operations: SelectAll::new(),
        _open: Open { reservations: door.open.reservations.clone(), token },
    };
    peer.keep_little();
    let events = events.take_until(dismissed.cancelled_owned()).take_until(stopped.cancelled_owned());
    Ok(sse::respond(sse::keep_alive(events, door.limits.ping_every)))
}

/// POST: starts an operation whose results go to the stream.
pub async fn start(
    door: Door,
    caller: Caller,
    parameters: Parameters,
    token: &str,
    request_id: RequestId,
) -> Result<Response, Refusal> {
    let reserved = door.open.reservations.find(token, &caller)?;
    let id = match parameters.extension("operationId") {
        Some(Value::String(id)) if !id.is_empty() => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => {
            return Err(Refusal::bad_input(
                "extensions",
                "`extensions.operationId` is missing; set it to a string that identifies the operation",
            ));
        }
    };
    let (handle, registration) = AbortHandle::new_pair();
    {
        let mut running = locked(&reserved.running);
        let limit = door.limits.operations_per_socket;
        if running.contains_key(&id) {
            let message = format!("operation {id} is already running on this stream; choose another `operationId`");
            return Err(Refusal::new(StatusCode::CONFLICT, Code::Conflict, message));
        }
        if running.len() >= limit {
            return Err(Refusal::limit(format!(
                "{limit} operations are running on this stream, the maximum; end some first"
            )));
        }
        running.insert(id.clone(), handle);
    }
    let mut running = Started { reserved: &reserved, id: &id, keep: false };
    let prepared = door.prepare(parameters)?;
    let waits = prepared.operation != OperationType::Subscription;
    let mut results = Results::begin(door, caller, prepared, request_id);
    // The response's status reports an operation that cannot be executed, which is known only when execution begins.
    let first = if waits { Some(results.next().await) } else { results.next().now_or_never() };
    if let Some(Some(Piece::Failed(errors))) = &first {
        return Ok(refused(errors));
    }
    let begun = futures_util::stream::iter(first.flatten());
    let frames = frames(Arc::downgrade(&reserved), id.clone(), begun.chain(results).boxed()).boxed();
    let gone =
        |_| Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "the event stream has ended; reserve another one");
    reserved.start.try_send(Abortable::new(frames, registration)).map_err(gone)?;
    running.keep = true;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// An operation that is being started. Frees the operation's id on drop unless `keep` is set.
struct Started<'a> {
    reserved: &'a Reserved,
    id: &'a str,
    keep: bool,
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        if !self.keep {
            locked(&self.reserved.running).remove(self.id);
        }
    }
}

/// The response to an operation that was not executed: its errors, with status 400.
fn refused(errors: &Value) -> Response {
    let body = serde_json::json!({ "errors": errors }).to_string();
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, Media::Json.content_type())], body).into_response()
}

/// DELETE: ends an operation.
pub fn end(door: &Door, caller: &Caller, token: &str, query: Option<&str>) -> Result<Response, Refusal> {
    let reserved = door.open.reservations.find(token, caller)?;
    let Some(id) = parameter(query, "operationId").filter(|id| !id.is_empty()) else {
        return Err(Refusal::bad_input("operationId", "`operationId` is missing; set it to the operation to end"));
    };
    if let Some(handle) = locked(&reserved.running).remove(&id) {
        handle.abort();
    }
    Ok(StatusCode::OK.into_response())
}

/// Returns an operation's results as events that carry its id. The id is free again before `complete` is sent.
fn frames(
    reserved: Weak<Reserved>,
    id: String,
    pieces: BoxStream<'static, Piece>,
) -> impl Stream<Item = String> + Send {
    let name = Value::from(id.as_str()).to_string();
    let complete = format!("event: complete\ndata: {{\"id\":{name}}}\n\n");
    let next =
        pieces.map(move |piece| format!("event: next\ndata: {{\"id\":{name},\"payload\":{}}}\n\n", piece.json()));
    next.chain(futures_util::stream::once(async move {
        if let Some(reserved) = reserved.upgrade() {
            locked(&reserved.running).remove(&id);
        }
        complete
    }))
}

/// Removes a reservation when its stream is dropped.
struct Open {
    reservations: Reservations,
    token: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.reservations.forget(&self.token);
    }
}

/// The body of an open stream: the events of all its operations.
struct Events {
    starts: mpsc::Receiver<Frames>,
    operations: SelectAll<Frames>,
    _open: Open,
}

impl Stream for Events {
    type Item = String;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<String>> {
        let this = &mut *self;
        while let Poll::Ready(Some(operation)) = this.starts.poll_recv(context) {
            this.operations.push(operation);
        }
        match ready!(this.operations.poll_next_unpin(context)) {
            Some(frame) => Poll::Ready(Some(frame)),
            // No operation is running; starting one wakes the stream.
            None => Poll::Pending,
        }
    }
}

/// Returns a token of 32 random bytes, in base64url.
fn random_token() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system's random number generator failed");
        Refusal::unavailable("the system's random number generator failed; see the server's log")
    })?;
    Ok(base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes))
}
