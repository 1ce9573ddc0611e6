//! Authentication: reads the token of a request, and of a WebSocket's first message.
//!
//! The rule: every path but those of [`role_of`] that need nothing wants a known asker, and a path that is not named
//! there wants ADMIN, so that a new route cannot be forgotten in the open. The handshake of a WebSocket alone comes
//! without a token, since its first message shows it; what else comes that way finds [`Asker::check_known`]. Within
//! `/graphql` each field decides (`graphql/access.rs`). While no token was ever made, whoever asks from this machine is
//! its administrator: not by its address alone, since a proxy has that too, but by a host of this machine and no trace
//! of a proxy.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, Version, header, request::Parts},
    middleware::Next,
    response::Response,
};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    answer::{Media, Refusal},
    asker::{Asker, Client},
    guard,
    pace::Pace,
    pages,
    peer::Peer,
    session::{self, Sessions},
    value,
};
use crate::graphql::{Access, Role, access::refusal};

/// The role that a path needs; `None` for what anybody may have.
fn role_of(path: &str) -> Option<Role> {
    match path {
        // A session's own handlers look at the token and the cookie.
        "/healthz" | "/readyz" | "/graphiql" | "/session" => None,
        _ if path.starts_with("/assets/") || pages::is_studio(path) => None,
        "/graphql" | "/metrics" => Some(Role::Viewer),
        _ if path.starts_with("/export/") => Some(Role::Viewer),
        _ => Some(Role::Admin),
    }
}

/// Whether anybody may have a path.
pub fn is_open(path: &str) -> bool {
    role_of(path).is_none()
}

/// Headers that proxies add to the requests that they pass on.
const PROXY_HEADERS: [&str; 6] = ["forwarded", "via", "x-proxyuser-ip", "x-arr-log-id", "x-arr-ssl", "x-host"];
/// How the names of others begin, and end.
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

/// Whether a header is a trace of a proxy.
fn is_trace_of_proxy(name: &str) -> bool {
    PROXY_HEADERS.contains(&name)
        || PROXY_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || PROXY_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Why somebody may not come in, and how long to wait where that helps.
pub type Turned = Box<(Refusal, Option<Duration>)>;

/// Lets askers in. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    access: Arc<dyn Access>,
    pace: Pace,
    /// Whether only this machine can reach the server.
    on_loopback: bool,
    /// The sessions of browsers.
    pub(super) sessions: Sessions,
}

impl Gate {
    /// For a listener at an address.
    pub fn new(access: Arc<dyn Access>, pace: Pace, address: SocketAddr) -> Self {
        Self { access, pace, on_loopback: address.ip().is_loopback(), sessions: Sessions::default() }
    }

    /// Counts an operation of a WebSocket; over HTTP each request counts by itself.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`, saying when to come back.
    pub fn count(&self, asker: &Asker) -> Result<(), Refusal> {
        self.counted(asker).map_err(|turned| turned.0)
    }

    fn counted(&self, asker: &Asker) -> Result<(), Turned> {
        if asker.viewer.is_known() && !asker.viewer.has_token() {
            return Ok(());
        }
        self.pace.request(&asker.client).map_err(|wait| too_often("rate limit exceeded", wait))
    }

    /// Decides on the first message of a WebSocket: who its sender is, or a few words why they may not come in. `asker`
    /// is whom the handshake named.
    pub async fn admit_socket(&self, asker: Asker, payload: Option<&Value>) -> Result<Asker, String> {
        let shown = token_of(payload).map_err(|refusal| refusal.message)?;
        if shown.is_none() && asker.viewer.is_known() {
            // The handshake said who it is.
            tracing::Span::current().record("actor", &asker.viewer.name);
            return Ok(asker);
        }
        let admitted = self.admit(shown.as_deref(), asker).await.map_err(|turned| turned.0.message)?;
        tracing::Span::current().record("actor", &admitted.viewer.name);
        Ok(admitted)
    }

    /// The asker as whom their token names, or why they may not come in and how long to wait.
    pub(super) async fn admit(&self, token: Option<&str>, asker: Asker) -> Result<Asker, Turned> {
        match self.access.viewer(token, asker.is_local).await {
            Ok(viewer) => {
                let client =
                    if viewer.has_token() { Client::new(&format!("token {}", viewer.name)) } else { asker.client };
                Ok(Asker { dismissed: viewer.dismissed(), viewer, client, is_local: asker.is_local })
            }
            Err(error) => {
                if token.is_some() {
                    let counted = self.pace.failure(&asker.client);
                    counted.map_err(|wait| too_often("too many invalid tokens", wait))?;
                }
                let counted = self.pace.request(&asker.client);
                counted.map_err(|wait| too_often("rate limit exceeded", wait))?;
                Err(Box::new((Refusal::by_code(error), None)))
            }
        }
    }

    /// The sender of a request, as far as the connection tells.
    fn stranger(&self, request: &Parts) -> Asker {
        let address = Peer::of(&request.extensions).address();
        let headers = &request.headers;
        let is_local = self.on_loopback
            && address.is_some_and(|address| address.ip().to_canonical().is_loopback())
            && guard::asks_this_machine(&request.uri, headers)
            // What proxies speak where nobody told them otherwise.
            && request.version > Version::HTTP_10
            && !headers.keys().any(|name| is_trace_of_proxy(name.as_str()));
        Asker { is_local, ..Asker::of(&request.extensions) }
    }

    async fn check(&self, request: &Parts, needed: Role) -> Result<Asker, Turned> {
        let stranger = self.stranger(request);
        let shown = bearer(&request.headers).map_err(|refusal| Box::new((refusal, None)))?;
        let session = if shown.is_none() { self.sessions.token(&request.headers) } else { None };
        let asker = if let Some((token, ended)) = session {
            session::check_page(request).map_err(|refusal| Box::new((refusal, None)))?;
            Asker { dismissed: ended, ..self.admit(Some(token.expose_secret()), stranger).await? }
        } else if shown.is_none() && is_handshake(request) {
            // Its first message will tell.
            stranger
        } else {
            self.admit(shown, stranger).await?
        };
        self.counted(&asker)?;
        if asker.viewer.is_known() && asker.viewer.role < needed {
            let message = refusal(&asker.viewer, needed, "this path");
            return Err(Box::new((Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message), None)));
        }
        Ok(asker)
    }
}

/// Whether a request has all that the handshake of a WebSocket has.
fn is_handshake(request: &Parts) -> bool {
    let headers = &request.headers;
    let connection = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    request.method == Method::GET
        && request.uri.path() == "/graphql"
        && headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
        && connection.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("upgrade"))
        && headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

fn too_often(what: &str, wait: Duration) -> Turned {
    let seconds = whole_seconds(wait);
    let message = format!("{what}; retry after {seconds} s");
    Box::new((Refusal::new(StatusCode::TOO_MANY_REQUESTS, "LIMIT_EXCEEDED", message), Some(wait)))
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn no_token(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
}

/// The token of a request; none without the header.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = shown.next() else { return Ok(None) };
    let token = first.to_str().ok().and_then(token_in).filter(|_| shown.next().is_none());
    token
        .map(Some)
        .ok_or_else(|| no_token("invalid Authorization header; send exactly one, `Authorization: Bearer gloss_…`"))
}

/// The token in the value of an Authorization header.
fn token_in(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The token of a `connection_init`: `{"authorization": "Bearer gloss_…"}` in either case, or `{"token": "gloss_…"}`.
fn token_of(payload: Option<&Value>) -> Result<Option<String>, Refusal> {
    let wrong = || no_token("invalid payload of connection_init; send {\"authorization\": \"Bearer gloss_…\"}");
    let Some(payload) = payload.and_then(Value::as_object) else { return Ok(None) };
    let given = |name: &str| payload.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
    if let Some((_, shown)) = given("authorization") {
        return shown.as_str().and_then(token_in).map(|token| Some(token.to_owned())).ok_or_else(wrong);
    }
    match given("token") {
        Some((_, shown)) => shown.as_str().map(|token| Some(token.trim().to_owned())).ok_or_else(wrong),
        None => Ok(None),
    }
}

/// Finds out who is asking, and refuses those who may not.
pub async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Some(needed) = role_of(request.uri().path()) else { return next.run(request).await };
    let (mut request, body) = request.into_parts();
    match gate.check(&request, needed).await {
        Ok(asker) => {
            if asker.viewer.is_known() {
                tracing::Span::current().record("actor", &asker.viewer.name);
            }
            request.extensions.insert(asker);
            next.run(Request::from_parts(request, body)).await
        }
        Err(turned) => {
            if gate.pace.may_tell(&Asker::of(&request.extensions).client) {
                tracing::info!(code = %turned.0.code, reason = turned.0.message, "refused");
            }
            turn_away(*turned, Media::negotiate(&request.headers).unwrap_or(Media::Json))
        }
    }
}

/// The answer to somebody who may not come in.
pub fn turn_away((refusal, wait): (Refusal, Option<Duration>), media: Media) -> Response {
    let status = refusal.status;
    let mut response = refusal.answer(media);
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value("Bearer realm=\"gloss\""));
    }
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, whole_seconds(wait).into());
    }
    response.headers_mut().insert(header::CACHE_CONTROL, value("no-store"));
    response
}

/// Headers of ours that pages of other sites may read.
pub const EXPOSED: [HeaderName; 3] = [header::RETRY_AFTER, header::WWW_AUTHENTICATE, super::REQUEST_ID];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_that_nobody_named_is_for_administrators() {
        for open in ["/", "/runs", "/runs/12", "/graphiql", "/session", "/assets/x.js", "/healthz", "/readyz"] {
            assert_eq!(role_of(open), None, "{open}");
        }
        assert_eq!(role_of("/export/comparison"), Some(Role::Viewer));
        for unknown in ["/export", "/assets", "/graphql/", "/Graphiql", "/new", "/runsx", "//runs"] {
            assert_eq!(role_of(unknown), Some(Role::Admin), "{unknown}");
        }
    }

    #[test]
    fn tokens_as_clients_spell_them() {
        for payload in [
            json!({ "authorization": "Bearer gloss_x" }),
            json!({ "Authorization": "bearer  gloss_x " }),
            json!({ "token": "gloss_x", "authorization": null }),
        ] {
            assert_eq!(token_of(Some(&payload)).unwrap().as_deref(), Some("gloss_x"), "{payload}");
        }
        for none in [json!({}), json!({ "token": null }), json!({ "x": 1 })] {
            assert_eq!(token_of(Some(&none)).unwrap(), None, "{none}");
        }
        for wrong in [json!({ "authorization": "gloss_x" }), json!({ "authorization": 1 }), json!({ "token": {} })] {
            assert_eq!(token_of(Some(&wrong)).unwrap_err().status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
        let headers = |values: &[&str]| {
            let pairs = values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap()));
            pairs.collect::<HeaderMap>()
        };
        assert_eq!(bearer(&headers(&["Bearer gloss_x"])).unwrap(), Some("gloss_x"));
        assert_eq!(bearer(&headers(&[])).unwrap(), None);
        for wrong in [&["Basic YTpi"][..], &["Bearer"], &["Bearer "], &["gloss_x"], &["Bearer a", "Bearer b"]] {
            assert!(bearer(&headers(wrong)).is_err(), "{wrong:?}");
        }
    }
}
