//! Authentication: reads the token of a request, and of a WebSocket's first message.
//!
//! The rule: every path needs a known caller, except those to which [`role_of`] gives no role. Only the handshake of a
//! WebSocket may come without a token, because its first message shows it; other routes on that path call
//! [`Caller::check_known`]. Within `/graphql` each field decides (`graphql/access.rs`). Until the first token exists, a
//! caller on this machine is the administrator. The address alone does not prove that, because a proxy on this machine
//! has it too: the request must also name a host of this machine and show no trace of a proxy.

use std::{net::SocketAddr, time::Duration};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, Version, header, request::Parts},
    middleware::Next,
    response::Response,
};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    bearer::{bearer, token_of},
    caller::Caller,
    client::Client,
    guard,
    media::Media,
    pace::Pace,
    paths::role_of,
    peer::Peer,
    refusal::{Refusal, Rejection, reject, whole_seconds},
    session::{self, Sessions},
};
use crate::{
    domain::Code,
    graphql::{Access, Role, access::refusal},
};

/// Headers that proxies add to the requests that they forward.
const PROXY_HEADERS: [&str; 6] = ["forwarded", "via", "x-proxyuser-ip", "x-arr-log-id", "x-arr-ssl", "x-host"];
/// Prefixes and suffixes of further headers of proxies.
const PROXY_PREFIXES: [&str; 10] = [
    "x-forwarded",
    "forwarded-",
    "x-original-",
    "x-envoy-",
    "x-azure-",
    "x-amzn-",
    "x-appengine-",
    "cf-",
    "fly-",
    "fastly-",
];
const PROXY_SUFFIXES: [&str; 4] = ["client-ip", "real-ip", "connecting-ip", "remote-ip"];

/// Whether a proxy adds a header of this name.
fn is_trace_of_proxy(name: &str) -> bool {
    PROXY_HEADERS.contains(&name)
        || PROXY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || PROXY_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Authenticates callers. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    access: Access,
    pace: Pace,
    /// Whether only this machine can reach the server.
    on_loopback: bool,
    /// The sessions of browsers.
    pub(super) sessions: Sessions,
}

impl Gate {
    /// Creates the gate of a server that listens at `address`.
    pub fn new(access: Access, pace: Pace, address: SocketAddr) -> Self {
        Self { access, pace, on_loopback: address.ip().is_loopback(), sessions: Sessions::default() }
    }

    /// Counts an operation of a WebSocket against the caller's rate limit. HTTP requests are counted by `check`.
    ///
    /// # Errors
    /// Returns `LIMIT_EXCEEDED` with the number of seconds to wait.
    pub fn count(&self, caller: &Caller) -> Result<(), Refusal> {
        self.counted(caller).map_err(|rejection| rejection.0)
    }

    fn counted(&self, caller: &Caller) -> Result<(), Rejection> {
        if caller.viewer.is_known() && !caller.viewer.has_token() {
            return Ok(());
        }
        self.pace.request(&caller.client).map_err(|wait| too_often("rate limit exceeded", wait))
    }

    /// Authenticates a WebSocket by its first message; returns its caller, or the reason of the refusal. `caller` is
    /// the one that the handshake named.
    pub async fn admit_socket(&self, caller: Caller, payload: Option<&Value>) -> Result<Caller, String> {
        let shown = token_of(payload).map_err(|refusal| refusal.message)?;
        if shown.is_none() && caller.viewer.is_known() {
            // A cookie or a header of the handshake has already authenticated the caller.
            tracing::Span::current().record("actor", &caller.viewer.name);
            return Ok(caller);
        }
        let admitted = self.admit(shown.as_deref(), caller).await.map_err(|rejection| rejection.0.message)?;
        tracing::Span::current().record("actor", &admitted.viewer.name);
        Ok(admitted)
    }

    /// Returns the caller that a token names, or the refusal and how long to wait.
    pub(super) async fn admit(&self, token: Option<&str>, caller: Caller) -> Result<Caller, Rejection> {
        match self.access.viewer(token, caller.is_local).await {
            Ok(viewer) => {
                let client =
                    if viewer.has_token() { Client::new(&format!("token {}", viewer.name)) } else { caller.client };
                Ok(Caller { dismissed: viewer.dismissed(), viewer, client, is_local: caller.is_local })
            }
            Err(error) => {
                if token.is_some() {
                    let counted = self.pace.failure(&caller.client);
                    counted.map_err(|wait| too_often("too many invalid tokens", wait))?;
                }
                let counted = self.pace.request(&caller.client);
                counted.map_err(|wait| too_often("rate limit exceeded", wait))?;
                Err(Box::new((Refusal::by_code(error), None)))
            }
        }
    }

    /// Returns the caller before authentication: what the connection and the headers alone say.
    fn stranger(&self, request: &Parts) -> Caller {
        let address = Peer::of(&request.extensions).address();
        let headers = &request.headers;
        let is_local = self.on_loopback
            && address.is_some_and(|address| address.ip().to_canonical().is_loopback())
            && guard::asks_this_machine(&request.uri, headers)
            // Many proxies speak HTTP/1.0 by default.
            && request.version > Version::HTTP_10
            && !headers.keys().any(|name| is_trace_of_proxy(name.as_str()));
        Caller { is_local, ..Caller::of(&request.extensions) }
    }

    async fn check(&self, request: &Parts, needed: Role) -> Result<Caller, Rejection> {
        let stranger = self.stranger(request);
        let shown = bearer(&request.headers).map_err(|refusal| Box::new((refusal, None)))?;
        let session = if shown.is_none() { self.sessions.token(&request.headers) } else { None };
        let caller = if let Some((token, ended)) = session {
            session::check_page(request).map_err(|refusal| Box::new((refusal, None)))?;
            Caller { dismissed: ended, ..self.admit(Some(token.expose_secret()), stranger).await? }
        } else if shown.is_none() && is_handshake(request) {
            // The first message of the WebSocket carries the token.
            stranger
        } else {
            self.admit(shown, stranger).await?
        };
        self.counted(&caller)?;
        if caller.viewer.is_known() && caller.viewer.role < needed {
            let message = refusal(&caller.viewer, needed, "this path");
            return Err(Box::new((Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message), None)));
        }
        Ok(caller)
    }
}

/// Whether a request is the handshake of a WebSocket.
fn is_handshake(request: &Parts) -> bool {
    let headers = &request.headers;
    let connection = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    request.method == Method::GET
        && request.uri.path() == "/graphql"
        && headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && connection.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("upgrade"))
        && headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

fn too_often(what: &str, wait: Duration) -> Rejection {
    let seconds = whole_seconds(wait);
    let message = format!("{what}; retry after {seconds} s");
    Box::new((Refusal::new(StatusCode::TOO_MANY_REQUESTS, Code::LimitExceeded, message), Some(wait)))
}

/// Authenticates the caller of a request, and refuses a caller without the role that the path needs.
pub async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Some(needed) = role_of(request.uri().path()) else { return next.run(request).await };
    let (mut request, body) = request.into_parts();
    match gate.check(&request, needed).await {
        Ok(caller) => {
            if caller.viewer.is_known() {
                tracing::Span::current().record("actor", &caller.viewer.name);
            }
            request.extensions.insert(caller);
            next.run(Request::from_parts(request, body)).await
        }
        Err(rejection) => {
            if gate.pace.may_tell(&Caller::of(&request.extensions).client) {
                tracing::info!(code = rejection.0.code.as_str(), reason = rejection.0.message, "refused");
            }
            reject(*rejection, Media::negotiate(&request.headers).unwrap_or(Media::Json))
        }
    }
}
