//! Responses: the negotiated media type, the bytes of a GraphQL response, and refusals.
//!
//! The rule: every error has `extensions.code`, one of the API's closed set. Errors of the schema already have it
//! (`graphql/error`). A panic is logged under the request's id, and the client gets INTERNAL with that id.

use std::{any::Any, borrow::Cow, collections::BTreeMap, panic::AssertUnwindSafe, time::Duration};

use async_graphql::{Pos, Response as GraphqlResponse, ServerError, Value};
use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::json;

use super::{request_id::RequestId, value};
use crate::domain::Code;

/// The Retry-After of a 429 response whose waiting time is not known.
const RETRY_AFTER_SECONDS: &str = "5";

/// The media type of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: errors of GraphQL have status 200.
    Json,
    /// `application/graphql-response+json`: a request that cannot be executed has status 400.
    GraphqlResponse,
    /// `text/event-stream`.
    EventStream,
}

impl Media {
    /// Returns the media type that the Accept header prefers; `Json` without that header. Among equal qualities the
    /// first one wins.
    ///
    /// # Errors
    /// Returns a refusal with status 406 if no supported media type is accepted.
    pub fn negotiate(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut best: Option<(f32, Self)> = None;
        let mut asked = false;
        for accept in headers.get_all(header::ACCEPT) {
            asked = true;
            for range in accept.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "application/json" | "application/*" | "*/*" => Self::Json,
                    "application/graphql-response+json" => Self::GraphqlResponse,
                    "text/event-stream" | "text/*" => Self::EventStream,
                    _ => continue,
                };
                let quality = parts.find_map(|p| p.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
                if quality > 0.0 && best.is_none_or(|(other, _)| quality > other) {
                    best = Some((quality, media));
                }
            }
        }
        match best {
            Some((_, media)) => Ok(media),
            None if !asked => Ok(Self::Json),
            None => Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                Code::BadUserInput,
                "no acceptable media type; accept application/graphql-response+json, application/json or \
                 text/event-stream",
            )),
        }
    }

    /// Returns the value of the Content-Type header.
    pub const fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => value("application/json; charset=utf-8"),
            Self::GraphqlResponse => value("application/graphql-response+json; charset=utf-8"),
            Self::EventStream => value("text/event-stream"),
        }
    }
}

/// The refusal of a request: a GraphQL error with an HTTP status.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status, for the transports that have one.
    pub status: StatusCode,
    /// The error code.
    pub code: Code,
    /// What is wrong and what to do.
    pub message: String,
    /// The invalid part of the request, for example `variables`.
    pub argument: Option<Cow<'static, str>>,
    /// The value of the Allow header of a 405 response.
    pub allow: Option<&'static str>,
    /// The positions of the error in the document.
    pub locations: Vec<Pos>,
    /// Whether the request was well formed and only its document is refused; `application/json` answers that with
    /// status 200.
    pub well_formed: bool,
    /// Further errors of the same request.
    pub others: Vec<Refusal>,
}

impl Refusal {
    /// Creates a refusal for a reason outside the document.
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        let (locations, others) = (Vec::new(), Vec::new());
        Self { status, code, message, argument: None, allow: None, locations, well_formed: false, others }
    }

    /// Creates the refusal of an invalid part of the request, with status 400.
    pub fn bad_input(argument: &'static str, message: impl Into<String>) -> Self {
        Self { argument: Some(argument.into()), ..Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message) }
    }

    /// Creates the refusal of a document.
    pub fn document(code: Code, message: impl Into<String>) -> Self {
        Self { well_formed: true, ..Self::new(StatusCode::BAD_REQUEST, code, message) }
    }

    /// Creates the refusal of a client that exceeds a limit, with status 429.
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, Code::LimitExceeded, message)
    }

    /// Creates the refusal of a request that can succeed later, with status 503.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
    }

    /// Creates the refusal of an unauthenticated caller.
    pub fn unknown() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, "authentication required: send a bearer token")
    }

    /// Creates the refusal of a caller whose credentials have ended.
    pub fn dismissed() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            Code::Unauthenticated,
            "the token has been revoked or has expired; send a valid token",
        )
    }

    /// Returns the list `errors` of a response.
    pub fn errors(&self) -> serde_json::Value {
        let mut error = json!({ "message": self.message, "extensions": { "code": self.code.as_str() } });
        if let Some(argument) = &self.argument {
            error["extensions"]["argument"] = argument.as_ref().into();
        }
        if !self.locations.is_empty() {
            error["locations"] = json!(self.locations);
        }
        let others = self.others.iter().flat_map(|other| match other.errors() {
            serde_json::Value::Array(errors) => errors,
            other => vec![other],
        });
        std::iter::once(error).chain(others).collect()
    }

    /// Returns the JSON text of a response that has errors only.
    pub fn to_json(&self) -> String {
        json!({ "errors": self.errors() }).to_string()
    }

    /// Returns the HTTP response in a media type; `EventStream` gives `Json`.
    pub fn answer(&self, media: Media) -> Response {
        let media = if media == Media::EventStream { Media::Json } else { media };
        let status = if self.well_formed && media == Media::Json { StatusCode::OK } else { self.status };
        let mut response = (status, [(header::CONTENT_TYPE, media.content_type())], self.to_json()).into_response();
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, value(allow));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, value(RETRY_AFTER_SECONDS));
        }
        response
    }
}

impl From<ServerError> for Refusal {
    /// Converts the error of a document that the schema's checks refuse.
    fn from(error: ServerError) -> Self {
        let extension = |name| match error.extensions.as_ref()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        Self {
            code: extension("code").and_then(|code| code.parse().ok()).unwrap_or(Code::GraphqlValidationFailed),
            argument: extension("argument").map(Cow::Owned),
            locations: error.locations,
            ..Self::document(Code::GraphqlValidationFailed, error.message)
        }
    }
}

impl From<Vec<ServerError>> for Refusal {
    /// Converts the errors of a document; the first one determines the status.
    fn from(errors: Vec<ServerError>) -> Self {
        let mut refusals = errors.into_iter().map(Self::from);
        match refusals.next() {
            Some(first) => Self { others: refusals.collect(), ..first },
            None => Self::document(Code::GraphqlValidationFailed, "the document is not valid"),
        }
    }
}

impl Refusal {
    /// Creates a refusal for a path other than GraphQL's. The error's code determines its status.
    pub fn by_code(error: ServerError) -> Self {
        let refusal = Self::from(error);
        let status = match refusal.code {
            Code::BadUserInput => StatusCode::BAD_REQUEST,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Conflict => StatusCode::CONFLICT,
            Code::LimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, well_formed: false, locations: Vec::new(), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.answer(Media::Json)
    }
}

/// The refusal of a caller, and how long to wait before the next attempt, if that helps.
pub type Turned = Box<(Refusal, Option<Duration>)>;

/// Returns the response to a refused caller.
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

pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A GraphQL response that is ready to be sent.
pub struct Answer {
    response: GraphqlResponse,
    /// Whether nothing was executed because the document did not pass the schema's checks.
    pub refused: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [ServerError]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a BTreeMap<String, Value>>,
}

impl Answer {
    /// Wraps a response. If it has no data and no error has a path, nothing was executed.
    pub fn new(response: GraphqlResponse) -> Self {
        let refused = !response.errors.is_empty()
            && response.data == Value::Null
            && response.errors.iter().all(|error| error.path.is_empty());
        Self { response, refused }
    }

    /// Returns the answer to an operation that panicked: INTERNAL with the request's id.
    pub fn internal(id: &RequestId) -> Self {
        Self::new(GraphqlResponse::from_errors(vec![internal(id)]))
    }

    /// Returns the JSON text.
    pub fn to_json(&self) -> String {
        let Self { response, refused } = self;
        let body = Body {
            data: (!refused).then_some(&response.data),
            errors: Some(response.errors.as_slice()).filter(|errors| !errors.is_empty()),
            extensions: Some(&response.extensions).filter(|extensions| !extensions.is_empty()),
        };
        serde_json::to_string(&body).unwrap_or_else(|error| {
            tracing::error!(%error, "a response could not be serialized as JSON");
            r#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}"#.to_owned()
        })
    }

    /// Whether the response has errors.
    pub fn has_errors(&self) -> bool {
        !self.response.errors.is_empty()
    }

    /// Returns the errors alone, for the protocols that send them separately.
    pub fn errors(&self) -> serde_json::Value {
        json!(self.response.errors)
    }

    /// Returns the HTTP response.
    pub fn http(&self, media: Media) -> Response {
        let status = match media {
            Media::GraphqlResponse if self.refused => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        let body = Bytes::from(self.to_json());
        let mut response = (status, [(header::CONTENT_TYPE, media.content_type())], body).into_response();
        response.headers_mut().extend(self.response.http_headers.clone());
        response
    }
}

fn internal(id: &RequestId) -> ServerError {
    let mut error = ServerError::new("internal error", None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", Code::Internal.as_str());
    extensions.set("correlationId", id.as_str());
    error
}

/// Turns a panic into a response with status 500 and logs its message.
pub async fn catch_panic(request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            log_panic(&*panic, &id);
            let mut response = Answer::internal(&id).http(Media::Json);
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// Logs the message of a panic.
pub fn log_panic(panic: &(dyn Any + Send), id: &RequestId) {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(request_id = id.as_str(), panic = text.unwrap_or("unknown"), "a request handler panicked");
}
