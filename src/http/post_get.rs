//! GraphQL over HTTP: one request and one response, by POST or GET. The path `/graphql` also leads to `sse`, `reserved`
//! and `ws`.
//!
//! The rules: a GET never executes a mutation. A POST must have the content type JSON, which an HTML form of another
//! site cannot send. Clients may cache the response to a GET and revalidate it by its ETag; all other responses are
//! `no-store`.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Bytes,
    extract::{
        FromRequest, Query, RawQuery, Request, State,
        rejection::QueryRejection,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    Door,
    answer::Answer,
    caller::Caller,
    media::Media,
    peer::Peer,
    refusal::Refusal,
    request::{Parameters, Prepared},
    request_id::RequestId,
    reserved, sse, value, ws,
};
use crate::domain::Code;

/// GET: a WebSocket handshake, a query, or an event stream.
pub async fn get(
    State(door): State<Door>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
    request: Request,
) -> Response {
    let (caller, peer) = (Caller::of(request.extensions()), Peer::of(request.extensions()));
    let (headers, id) = (request.headers(), RequestId::of(request.headers()));
    if let Ok(upgrade) = upgrade {
        let mut response = ws::upgrade(door, caller, peer, upgrade, id);
        // The extensions hold the client's spelling of its headers. Some clients find the headers of the response only
        // in the same spelling.
        response.extensions_mut().extend(request.extensions().clone());
        return response;
    }
    if let Err(refusal) = caller.check_known() {
        return refusal.into_response();
    }
    if headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Refusal::new(StatusCode::BAD_REQUEST, Code::BadUserInput, "invalid WebSocket handshake")
            .into_response();
    }
    let media = match Media::negotiate(headers) {
        Ok(media) => media,
        Err(refusal) => return refusal.into_response(),
    };
    let token = reserved::token(headers, request.uri().query());
    if let Some(token) = token.filter(|_| media == Media::EventStream) {
        return reserved::open(&door, &caller, &peer, token).unwrap_or_else(IntoResponse::into_response);
    }
    let prepared = match parameters {
        Ok(Query(parameters)) => Parameters::from_query(parameters).and_then(|it| door.prepare(it)),
        Err(_) => Err(Refusal::bad_input("query", "the query string is invalid; percent-encode its values")),
    };
    let prepared = prepared.and_then(|prepared| match prepared.operation {
        OperationType::Mutation => Err(Refusal {
            allow: Some("POST"),
            ..Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                Code::BadUserInput,
                "GET does not execute mutations; use POST",
            )
        }),
        _ => Ok(prepared),
    });
    let known = headers.get(header::IF_NONE_MATCH).cloned();
    match answer(door, caller, &peer, prepared, media, id).await {
        Answered::Result(answer) => kept(&answer, media, known.as_ref()),
        Answered::Other(response) => response,
    }
}

/// POST: a query, a mutation, a batch of them, or an event stream.
pub async fn post(State(door): State<Door>, RawQuery(query): RawQuery, request: Request) -> Response {
    let (caller, peer) = (Caller::of(request.extensions()), Peer::of(request.extensions()));
    let id = RequestId::of(request.headers());
    if let Err(refusal) = caller.check_known() {
        return refusal.into_response();
    }
    let media = match Media::negotiate(request.headers()) {
        Ok(media) => media,
        Err(refusal) => return refusal.into_response(),
    };
    let token = reserved::token(request.headers(), query.as_deref());
    let body = json_body(request, &door).await;
    if let Some(token) = token.filter(|_| media != Media::EventStream) {
        let started = match body.and_then(Parameters::from_json) {
            Ok(parameters) => reserved::start(door, caller, parameters, &token, id).await,
            Err(refusal) => Err(refusal),
        };
        // A client of this mode expects the status of a refusal to show the error, even if the error is in the
        // document.
        return started.unwrap_or_else(|refusal| refusal.answer(Media::GraphqlResponse));
    }
    let mut response = match body {
        Ok(Value::Array(operations)) if door.limits.batch > 0 => batch(&door, &caller, operations, media).await,
        body => {
            let body = body.and_then(|body| if body.is_array() { Err(no_batches()) } else { Ok(body) });
            let parameters = body.and_then(Parameters::from_json);
            let plain = match &parameters {
                Ok(parameters) if media != Media::EventStream => door.plain(&caller, parameters).await,
                _ => None,
            };
            let answered = match plain {
                Some(Ok(json)) => {
                    let content_type = [(header::CONTENT_TYPE, media.content_type())];
                    Answered::Other((content_type, json).into_response())
                }
                Some(Err(refusal)) => Answered::Other(refusal.answer(media)),
                None => {
                    let prepared = parameters.and_then(|it| door.prepare(it));
                    answer(door, caller, &peer, prepared, media, id).await
                }
            };
            match answered {
                Answered::Result(answer) => answer.http(media),
                Answered::Other(response) => response,
            }
        }
    };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(value("no-store"));
    response
}

fn no_batches() -> Refusal {
    Refusal::bad_input(
        "query",
        "batching is disabled; send one operation as a JSON object, or enable batches with --max-batch",
    )
}

/// PUT: reserves an event stream.
pub async fn put(State(door): State<Door>, request: Request) -> Response {
    let caller = Caller::of(request.extensions());
    let reserved = caller.check_known().and_then(|()| reserved::reserve(&door, &caller, request.headers()));
    reserved.unwrap_or_else(IntoResponse::into_response)
}

/// DELETE: ends an operation of a reserved event stream.
pub async fn delete(State(door): State<Door>, RawQuery(query): RawQuery, request: Request) -> Response {
    let caller = Caller::of(request.extensions());
    let token = reserved::token(request.headers(), query.as_deref()).unwrap_or_default();
    let ended = caller.check_known().and_then(|()| reserved::end(&door, &caller, &token, query.as_deref()));
    ended.unwrap_or_else(IntoResponse::into_response)
}

/// Answers other methods with status 405.
pub async fn other_method() -> Refusal {
    Refusal {
        allow: Some("GET, HEAD, POST, PUT, DELETE"),
        ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, "method not allowed; use POST or GET")
    }
}

/// Reads the JSON body of a POST.
///
/// # Errors
/// Returns a refusal with status 415 (not JSON in UTF-8), 408 (the body took too long), 413 (too large) or 400
/// (incomplete or invalid).
pub async fn json_body(request: Request, door: &Door) -> Result<Value, Refusal> {
    if !is_json(request.headers()) {
        let message = "unsupported content type; send the body as `content-type: application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadUserInput, message));
    }
    let within = door.limits.body_within;
    let Ok(body) = tokio::time::timeout(within, Bytes::from_request(request, &())).await else {
        let message = format!("the body did not arrive within {} s; send it again", within.as_secs());
        return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, Code::BadUserInput, message));
    };
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body is larger than {} bytes; send a smaller one", super::BODY_LIMIT_BYTES);
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message)
        }
        status => Refusal::new(status, Code::BadUserInput, "the body ended before it was complete; send it again"),
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, Code::BadUserInput, format!("the body is not valid JSON: {error}"))
    })
}

/// Whether the content type is JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    parts.next().as_deref() == Some("application/json")
        && parts.all(|part| part.strip_prefix("charset=").is_none_or(|charset| charset.trim_matches('"') == "utf-8"))
}

/// The outcome of a request.
enum Answered {
    /// A GraphQL response.
    Result(Answer),
    /// A stream, or a refusal.
    Other(Response),
}

async fn answer(
    door: Door,
    caller: Caller,
    peer: &Peer,
    prepared: Result<Prepared, Refusal>,
    media: Media,
    id: RequestId,
) -> Answered {
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) if media == Media::EventStream && refusal.well_formed => {
            return Answered::Other(sse::refuse(&refusal));
        }
        Err(refusal) => return Answered::Other(refusal.answer(media)),
    };
    if media == Media::EventStream {
        return Answered::Other(sse::stream(door, caller, peer, prepared, id));
    }
    match one(door, caller, prepared).await {
        Ok(answer) => Answered::Result(answer),
        Err(refusal) => Answered::Other(refusal.answer(media)),
    }
}

/// Executes a query or a mutation.
async fn one(door: Door, caller: Caller, prepared: Prepared) -> Result<Answer, Refusal> {
    let Prepared { request, operation, .. } = prepared;
    if operation == OperationType::Subscription {
        let message = "subscriptions require a WebSocket (graphql-transport-ws) or `accept: text/event-stream`";
        return Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message));
    }
    Ok(Answer::new(door.execute(caller, request, operation).await?))
}

/// Executes the operations of a batch one after another.
async fn batch(door: &Door, caller: &Caller, operations: Vec<Value>, media: Media) -> Response {
    let (number, limit) = (operations.len(), door.limits.batch);
    if media == Media::EventStream {
        let message = "a batch can only be answered as application/json; stream operations one by one";
        return Refusal::new(StatusCode::NOT_ACCEPTABLE, Code::BadUserInput, message).into_response();
    }
    if number == 0 || number > limit {
        let message = format!("the batch has {number} operations; send 1 to {limit} at once");
        return Refusal { argument: Some("query".into()), ..Refusal::document(Code::LimitExceeded, message) }
            .answer(Media::GraphqlResponse);
    }
    let mut answers = String::from("[");
    for (at, operation) in operations.into_iter().enumerate() {
        let prepared = Parameters::from_json(operation).and_then(|parameters| door.prepare(parameters));
        let answer = match prepared {
            Ok(prepared) => one(door.clone(), caller.clone(), prepared).await,
            Err(refusal) => Err(refusal),
        };
        if at > 0 {
            answers.push(',');
        }
        answers += &match answer {
            Ok(answer) => answer.to_json(),
            Err(refusal) => refusal.to_json(),
        };
    }
    answers.push(']');
    ([(header::CONTENT_TYPE, media.content_type())], answers).into_response()
}

/// Returns the response to a GET, with an ETag. If the client has the response already, the status is 304 and the body
/// is empty.
fn kept(answer: &Answer, media: Media, known: Option<&HeaderValue>) -> Response {
    let mut response = if answer.has_errors() {
        ([(header::CACHE_CONTROL, value("no-store"))], answer.http(media)).into_response()
    } else {
        let json = answer.to_json();
        let mut hasher = DefaultHasher::new();
        (media.content_type().as_bytes(), &json).hash(&mut hasher);
        // Weak, because compression changes the bytes.
        let tag = format!("W/\"{:016x}\"", hasher.finish());
        let is_known = known.and_then(|known| known.to_str().ok()).is_some_and(|known| known.contains(&tag));
        let headers = [(header::ETAG, tag), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
        if is_known {
            (StatusCode::NOT_MODIFIED, headers).into_response()
        } else {
            (headers, answer.http(media)).into_response()
        }
    };
    response.headers_mut().append(header::VARY, value("accept, authorization, cookie"));
    response
}
