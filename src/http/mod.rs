//! The HTTP server: GraphQL over HTTP, WebSocket and server-sent events, the web pages, health and metrics.
//!
//! A request passes through these layers, from the outside in: the request id, the tracing span, the check of Host and
//! Origin (`guard`), the catcher of panics, authentication (`auth`, which reads tokens with `bearer` and gets the role
//! that a path needs from `paths`), compression, and the route.
//!
//! The modules of a route, in the order in which they run:
//!
//! - `caller` names the authenticated caller, and `client` what the `limits` count.
//! - `post_get`, `sse`, `reserved` and `ws` are the transports. `request` turns their input into one GraphQL request,
//!   whose document comes from `documents`.
//! - `execute` runs a query or a mutation. `live` streams the results of any operation, and lets several subscribers
//!   use one execution.
//! - `answer` turns responses into bytes and `refusal` errors of the server itself, in the `media` type that the client
//!   accepts.
//!
//! `stop` accepts connections and shuts the server down, `peer` watches each connection, and `session` exchanges a
//! token for a browser's cookie.
//!
//! The rule: this module knows two of the schema's types, the viewer (`caller`) and the exports (`export`). An
//! [`Api`] checks and executes documents. Every error that is made here has a code of the API's closed set.
//!
//! To add a route: write a handler in its own module, add a line to [`router`], and add the path's role to `paths`.

mod answer;
mod auth;
mod bearer;
mod caller;
mod client;
mod documents;
mod execute;
mod export;
mod guard;
mod health;
mod limits;
mod live;
mod media;
mod pace;
mod pages;
mod paths;
mod peer;
mod post_get;
mod refusal;
mod request;
mod request_id;
mod reserved;
mod session;
mod sse;
mod stop;
mod ws;

pub use auth::Gate;
pub use caller::Caller;
pub use client::Client;
pub use documents::{Documents, DocumentsError};
pub use export::Exports;
pub use guard::HostPolicy;
pub use health::{Metrics, Ready};
pub use limits::Limits;
pub use pace::Pace;
pub use stop::{Stop, serve};

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove},
    },
    trace::TraceLayer,
};

use refusal::Refusal;
use request_id::REQUEST_ID;

use crate::{domain::Code, graphql::Api, telemetry::traces};

/// The maximum size of a request body and of a WebSocket message.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// Responses below this size are not compressed.
const COMPRESS_FROM_BYTES: u16 = 1024;

/// The state of the HTTP server: what its handlers need from the other modules.
#[derive(Clone)]
pub struct Door {
    /// Checks and executes GraphQL.
    pub api: Api,
    /// Which Host and Origin headers are allowed.
    pub hosts: HostPolicy,
    /// Authenticates callers.
    pub gate: Gate,
    /// Opens the files of `/export`.
    pub exports: Exports,
    /// The check behind `/readyz`.
    pub ready: Ready,
    /// The metrics behind `/metrics`.
    pub metrics: Metrics,
    /// The signal to stop, which ends open subscriptions.
    pub stop: Stop,
    /// Limits on the time and resources of a client.
    pub limits: Arc<Limits>,
    /// The persisted documents, and whether other documents may run.
    pub documents: Documents,
    /// What is open now.
    pub open: Open,
}

/// Streams, sockets and subscriptions that are open now.
#[derive(Clone, Default)]
pub struct Open {
    /// Shared executions.
    channels: live::Channels,
    /// Reserved event streams.
    reservations: reserved::Reservations,
    /// Counts WebSockets and reserved streams, by client.
    sockets: limits::Quota,
    /// Counts subscriptions, by client.
    subscriptions: limits::Quota,
}

/// Returns the router with all routes and layers.
pub fn router(door: Door) -> Router {
    let (hosts, gate) = (door.hosts.clone(), door.gate.clone());
    let graphql = get(post_get::get)
        .post(post_get::post)
        .put(post_get::put)
        .delete(post_get::delete)
        .fallback(post_get::other_method);
    let router = Router::new()
        .route("/graphql", graphql)
        .route("/graphiql", get(pages::graphiql))
        .route("/assets/{*path}", get(pages::asset))
        .route("/", get(pages::studio))
        .route("/export/comparison", get(export::comparison))
        .route("/export/descriptions", get(export::descriptions))
        .route("/session", post(session::begin).delete(session::end))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics));
    let router = pages::STUDIO
        .iter()
        .fold(router, |router, page| {
            let (page, below) = (format!("/{page}"), format!("/{page}/{{*rest}}"));
            router.route(&page, get(pages::studio)).route(&below, get(pages::studio))
        })
        .fallback(not_found)
        .with_state(door)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CompressionLayer::new().compress_when(
            SizeAbove::new(COMPRESS_FROM_BYTES).and(DefaultPredicate::new()).and(NotForContentType::new("font/woff")),
        ))
        .layer(from_fn_with_state(gate, auth::check))
        .layer(from_fn(answer::catch_panic));
    // Outside authentication, because a browser sends its preflight request without a token.
    let router = match hosts.cors() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(from_fn_with_state(hosts, guard::check))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(tower_http::request_id::PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(from_fn(request_id::set_request_id))
}

/// The span of a request; everything that is logged for the request carries it. It leaves out the query string, which
/// may contain a document or a search text.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let (method, path) = (request.method(), request.uri().path());
    // Authentication fills in the actor.
    let empty = tracing::field::Empty;
    let span = tracing::info_span!("http", request_id = id, %method, path, actor = empty, "otel.kind" = empty);
    traces::continue_request(&span, |name| request.headers().get(name).and_then(|value| value.to_str().ok()));
    span
}

/// Answers an unknown path: browsers get the Studio, which shows a not-found page; other clients get an error.
async fn not_found(headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/html") {
        return (StatusCode::NOT_FOUND, pages::studio().await).into_response();
    }
    Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "Not found. GraphQL is at /graphql, the pages are at /.")
        .into_response()
}

/// A header value that is checked at compile time.
const fn value(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}
