//! Browser sessions: a cookie instead of a token.
//!
//! `POST /session` exchanges a token for a cookie with the same rights, for HTTP, server-sent events and WebSocket;
//! `DELETE /session` ends the session. Scripts cannot read the cookie (`HttpOnly`), and browsers send it only with
//! requests from the same site (`SameSite=Strict`).
//!
//! The rules:
//!
//! - A session ends with its token, when the user signs out, after [`SESSION_FOR`], and when the server stops.
//!   Subscriptions that it opened end with it.
//! - The server keeps sessions in memory only, by the hash of the cookie.
//! - A request with the cookie that may change something must come from one of our pages, as its Origin or
//!   `Sec-Fetch-Site` shows. `SameSite` does not ensure that, because browsers treat another port of this host as the
//!   same site.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lru::LruCache;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Door,
    caller::Caller,
    media::Media,
    post_get::json_body,
    refusal::{Refusal, reject},
    value,
};
use crate::{domain::Code, graphql::Viewer};

/// The name of the cookie.
const COOKIE: &str = "gloss_session";
/// How long a session lasts.
const SESSION_FOR: Duration = Duration::from_hours(30 * 24);
/// The maximum number of sessions; beyond it the least recently used one ends.
const SESSIONS: NonZeroUsize = NonZeroUsize::new(10_000).expect("ten thousand is not zero");

/// The open sessions, by the hash of their cookie. Clones share them.
#[derive(Clone)]
pub struct Sessions(Arc<Mutex<LruCache<[u8; 32], Session>>>);

/// One session.
struct Session {
    token: SecretString,
    until: Instant,
    /// Held so that the token stays watched for revocation and expiry.
    _viewer: Viewer,
    /// Cancelled when the session or its token ends.
    ended: CancellationToken,
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(SESSIONS))))
    }
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, LruCache<[u8; 32], Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session for a token and returns the cookie's value; `None` if the random number generator fails.
    fn begin(&self, token: SecretString, viewer: Viewer) -> Option<String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).ok()?;
        let id = URL_SAFE_NO_PAD.encode(bytes);
        let ended = viewer.dismissed().child_token();
        let ends = ended.clone();
        tokio::spawn(async move {
            let _ended = tokio::time::timeout(SESSION_FOR, ends.cancelled()).await;
            ends.cancel();
        });
        let session = Session { token, until: Instant::now() + SESSION_FOR, _viewer: viewer, ended };
        if let Some((_, oldest)) = self.open().push(hash(&id), session) {
            oldest.ended.cancel();
        }
        Some(id)
    }

    /// Returns the token of a request's session, and a signal that is cancelled when the session ends.
    pub fn token(&self, headers: &HeaderMap) -> Option<(SecretString, CancellationToken)> {
        let id = hash(cookie(headers)?);
        let mut open = self.open();
        let session = open.get(&id)?;
        if session.until <= Instant::now() || session.ended.is_cancelled() {
            let ended = open.pop(&id)?;
            ended.ended.cancel();
            return None;
        }
        Some((session.token.clone(), session.ended.clone()))
    }

    /// Ends the session of a request.
    fn end(&self, headers: &HeaderMap) {
        let session = cookie(headers).and_then(|id| self.open().pop(&hash(id)));
        if let Some(session) = session {
            session.ended.cancel();
        }
    }
}

fn hash(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

/// Returns the value of the session cookie. If there are several, the first one counts, because browsers send the most
/// specific one first.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Refuses a request with a cookie that may change something, unless one of our pages sends it. An Origin header needs
/// no further check here, because `guard` has already allowed it.
///
/// # Errors
/// Returns `FORBIDDEN`.
pub fn check_page(request: &Parts) -> Result<(), Refusal> {
    let is_safe = matches!(request.method, Method::GET | Method::HEAD)
        && !request.headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let says = |name: &str, text: &[u8]| request.headers.get(name).is_some_and(|value| value.as_bytes() == text);
    if is_safe || request.headers.contains_key(header::ORIGIN) || says("sec-fetch-site", b"same-origin") {
        return Ok(());
    }
    let message = "the session cookie is accepted only from pages of this server; send a bearer token instead";
    Err(Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message))
}

/// POST: begins a session for the token in `{"token": "gloss_…"}` or in the Authorization header.
pub async fn begin(State(door): State<Door>, request: Request) -> Response {
    let (stranger, is_secure) = (Caller::of(request.extensions()), is_secure(request.headers()));
    let shown = match super::bearer::bearer(request.headers()) {
        Ok(shown) => shown.map(str::to_owned),
        Err(refusal) => return refusal.into_response(),
    };
    let token = match shown {
        Some(token) => token,
        None => match json_body(request, &door).await {
            Ok(body) => match body.get("token").and_then(Value::as_str) {
                Some(token) => token.trim().to_owned(),
                None => {
                    return Refusal::bad_input("token", "`token` is missing; send {\"token\": \"gloss_…\"}")
                        .into_response();
                }
            },
            Err(refusal) => return refusal.into_response(),
        },
    };
    let viewer = match door.gate.admit(Some(&token), stranger).await {
        Ok(caller) => caller.viewer,
        Err(rejection) => return reject(*rejection, Media::Json),
    };
    let who = json!({ "name": viewer.name, "role": format!("{:?}", viewer.role).to_uppercase() });
    let Some(id) = door.gate.sessions.begin(token.into(), viewer) else {
        return Refusal::unavailable("the system's random number generator failed; try again").into_response();
    };
    let cookie = spelled(&id, SESSION_FOR, is_secure);
    ([(header::SET_COOKIE, cookie), (header::CONTENT_TYPE, value("application/json"))], who.to_string()).into_response()
}

/// DELETE: ends the session of the cookie, if there is one.
pub async fn end(State(door): State<Door>, request: Request) -> Response {
    door.gate.sessions.end(request.headers());
    let cookie = spelled("", Duration::ZERO, is_secure(request.headers()));
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

fn spelled(id: &str, lasts: Duration, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", lasts.as_secs());
    HeaderValue::from_str(&text).unwrap_or_else(|_| value(""))
}

/// Whether the browser uses TLS, to a proxy in front of this server: the page's Origin or the proxy says so.
fn is_secure(headers: &HeaderMap) -> bool {
    let begins = |name: &str, text: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with(text))
    };
    begins("origin", "https://") || begins("x-forwarded-proto", "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let of = |lines: &[&str]| {
            let pairs = lines.iter().map(|line| (header::COOKIE, line.parse().unwrap()));
            cookie(&pairs.collect()).map(str::to_owned)
        };
        assert_eq!(of(&["a=b; gloss_session=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(of(&["a=b", "gloss_session=x"]).as_deref(), Some("x"));
        assert_eq!(of(&["xgloss_session=x; gloss_sessions=y"]), None);
        assert_eq!(of(&[]), None);
    }
}
