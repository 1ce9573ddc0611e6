//! The front door: GraphQL over HTTP, WebSocket and server-sent events, the pages, health and metrics.
//!
//! A request passes, from the outside in: the request id, the span, the check of Host and Origin (`guard`), the net for
//! panics, the gate (`auth`, which reads tokens by `bearer` and knows from `paths` which role a path needs),
//! compression, then its route. `request` turns what came into one GraphQL request, whatever the transport, with its
//! document from `documents`; `caller` says whose it is; `execute` gives the one result of a query or mutation,
//! `results` those of an operation that streams, which `share` lets subscribers have in common; `answer` turns what the
//! schema said into bytes; `post_get`, `sse`, `reserved` and `ws` are the transports; `session` lets browsers in by a
//! cookie. `stop` takes connections, `peer` watches over each, `limits` has the numbers, which are counted by `client`.
//!
//! The rule: of the schema's types nothing here knows more than who views it (`caller`) and what is exported. An
//! [`Api`] checks documents and executes them, and every error that is made here has a code of the contract's closed
//! set.
//!
//! To add a route: a handler in a module of its own and one line in [`router`].

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
mod pace;
mod pages;
mod paths;
mod peer;
mod post_get;
mod request;
mod request_id;
mod reserved;
mod results;
mod session;
mod share;
mod sse;
mod stop;
mod ws;

pub use auth::Gate;
pub use caller::Caller;
pub use client::Client;
pub use documents::{Documents, DocumentsError};
pub use export::Exports;
pub use guard::HostPolicy;
pub use health::{Metrics, Ready, metrics_registry};
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

use answer::Refusal;
use request_id::REQUEST_ID;

use crate::graphql::Api;

/// The longest body and the longest WebSocket message that are read.
pub const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// Shorter answers are not worth compressing.
const COMPRESS_FROM_BYTES: u16 = 1024;

/// What the front door needs from the house.
#[derive(Clone)]
pub struct Door {
    /// Checks and executes GraphQL.
    pub api: Api,
    /// Which Host and Origin headers are let in.
    pub hosts: HostPolicy,
    /// The check that lets callers in.
    pub gate: Gate,
    /// Opens the files of `/export`.
    pub exports: Exports,
    /// Says whether the process can do its work.
    pub ready: Ready,
    /// What `/metrics` shows.
    pub metrics: Metrics,
    /// Ends the open subscriptions when the server stops.
    pub stop: Stop,
    /// How long and how much a client may take.
    pub limits: Arc<Limits>,
    /// Which documents have names, and whether others run.
    pub documents: Documents,
    /// What is open behind the door.
    pub open: Open,
}

/// What is open behind the door.
#[derive(Clone, Default)]
pub struct Open {
    /// Executions that subscribers share.
    channels: share::Channels,
    /// Streams of events that are reserved.
    reservations: reserved::Reservations,
    /// WebSockets and reserved streams, by client.
    sockets: limits::Quota,
    /// Subscriptions, by client.
    subscriptions: limits::Quota,
}

/// All routes.
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
    // Before the gate: a browser asks without a token whether it may ask.
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

/// The span that holds what is logged while a request is answered. The query string stays out: it may
/// hold what a person typed.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let (method, path) = (request.method(), request.uri().path());
    // The actor is known once the gate has let them in: all that they do is logged under their name.
    tracing::info_span!("http", request_id = id, %method, path, actor = tracing::field::Empty)
}

/// Answers a path that leads nowhere: a browser gets the Studio, which says so, and every other client an error.
async fn not_found(headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/html") {
        return (StatusCode::NOT_FOUND, pages::studio().await).into_response();
    }
    Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", "Not found. GraphQL is at /graphql, the pages are at /.")
        .into_response()
}

/// A header value that is known to be one when this is compiled.
const fn value(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}
