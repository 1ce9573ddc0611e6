//! GraphQL over HTTP: one request, one answer, by POST or GET; `/graphql` also leads to `sse` and `ws`.
//!
//! The rule: a GET never changes anything, whatever its text looks like, and a POST is JSON, which a form
//! of another site cannot send.

use async_graphql::{Executor, parser::types::OperationType};
use axum::{
    Extension,
    body::Bytes,
    extract::{
        Query, State,
        rejection::{BytesRejection, QueryRejection},
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    Door,
    answer::{Answer, Media, Refusal},
    asker::Asker,
    request::{Parameters, Prepared, RequestId},
    sse, ws,
};

/// GET: a WebSocket, a query, or a stream of events.
pub async fn get<E: Executor>(
    State(door): State<Door<E>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    if let Ok(upgrade) = upgrade {
        return ws::upgrade(door, asker, upgrade, RequestId::of(&headers));
    }
    if headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Refusal::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", "this is not a valid WebSocket handshake")
            .into_response();
    }
    let media = match Media::negotiate(&headers) {
        Ok(media) => media,
        Err(refusal) => return refusal.into_response(),
    };
    let prepared = match parameters {
        Ok(Query(parameters)) => Parameters::from_query(parameters).and_then(Parameters::prepare),
        Err(_) => Err(Refusal::bad_input("query", "the query string cannot be read: percent-encode its values")),
    };
    let prepared = prepared.and_then(|prepared| match prepared.operation {
        OperationType::Mutation => Err(Refusal {
            allow: Some("POST"),
            ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", "send mutations by POST")
        }),
        _ => Ok(prepared),
    });
    execute(door, asker, prepared, media, RequestId::of(&headers)).await
}

/// POST: a query, a mutation, or a stream of events.
pub async fn post<E: Executor>(
    State(door): State<Door<E>>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let media = match Media::negotiate(&headers) {
        Ok(media) => media,
        Err(refusal) => return refusal.into_response(),
    };
    let prepared = json_body(&headers, body).and_then(Parameters::from_json).and_then(Parameters::prepare);
    execute(door, asker, prepared, media, RequestId::of(&headers)).await
}

/// Neither GET nor POST.
pub async fn other_method() -> Refusal {
    Refusal {
        allow: Some("GET, HEAD, POST"),
        ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", "send GraphQL by POST or GET")
    }
}

/// The JSON that a POST carries.
fn json_body(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<serde_json::Value, Refusal> {
    if !is_json(headers) {
        let message = "send the body as `content-type: application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_USER_INPUT", message));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body is longer than {} bytes", super::BODY_LIMIT_BYTES);
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "LIMIT_EXCEEDED", message)
        }
        status => Refusal::new(status, "BAD_USER_INPUT", "the body ended too early"),
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", format!("the body is not JSON: {error}"))
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

async fn execute<E: Executor>(
    door: Door<E>,
    asker: Asker,
    prepared: Result<Prepared, Refusal>,
    media: Media,
    id: RequestId,
) -> Response {
    let prepared = match prepared {
        Ok(prepared) => prepared.asked_by(&asker),
        Err(refusal) if media == Media::EventStream && refusal.well_formed => return sse::refuse(&refusal),
        Err(refusal) => return refusal.answer(media),
    };
    if media == Media::EventStream {
        return sse::stream(door, &asker, prepared, id);
    }
    if prepared.operation == OperationType::Subscription {
        let message = "subscriptions go over a WebSocket (graphql-transport-ws) or with `accept: text/event-stream`";
        return Refusal::new(StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT", message).answer(media);
    }
    Answer::new(door.execute(prepared).await, &id).into_http(media)
}
