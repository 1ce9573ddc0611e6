//! Refusals: the errors that the HTTP server makes itself.
//!
//! The rule: every error has `extensions.code`, one of the API's closed set.

use std::{borrow::Cow, time::Duration};

use async_graphql::{Pos, ServerError, Value};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{media::Media, value};
use crate::domain::Code;

/// The Retry-After of a 429 response whose waiting time is not known.
const RETRY_AFTER_SECONDS: &str = "5";

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
    pub fn unauthenticated() -> Self {
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
pub type Rejection = Box<(Refusal, Option<Duration>)>;

/// Returns the response to a refused caller.
pub fn reject((refusal, wait): (Refusal, Option<Duration>), media: Media) -> Response {
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
