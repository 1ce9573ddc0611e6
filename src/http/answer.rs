//! Answers: the bytes of a GraphQL response.
//!
//! The rule: every error has `extensions.code`; the errors of the schema already have it (`graphql/error`). A panic is
//! logged under the request's id, and the client gets INTERNAL with that id.

use std::{any::Any, collections::BTreeMap, panic::AssertUnwindSafe};

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use axum::{
    body::Bytes,
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use serde::Serialize;
use serde_json::json;

use super::{media::Media, request_id::RequestId};
use crate::domain::Code;

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
