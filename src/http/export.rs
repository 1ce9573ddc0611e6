//! `/export/comparison`: a comparison as a file, streamed.
//!
//! The rule: what is wrong with a request is told as GraphQL tells it, in the `errors` of a JSON answer; a fault in the
//! middle breaks the transfer off, so that no file looks whole that is not.

use std::{future::Future, sync::Arc};

use async_graphql::ServerError;
use axum::{
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{TryStreamExt, future::BoxFuture};

use super::{Door, answer::Refusal};
use crate::graphql::comparison::export::{Export, ExportRequest};

/// Opens exports.
#[derive(Clone)]
pub struct Exports(Arc<Open>);

type Open = dyn Fn(ExportRequest) -> BoxFuture<'static, Result<Export, ServerError>> + Send + Sync;

impl Exports {
    /// From what opens one.
    pub fn new<F, Opened>(open: F) -> Self
    where
        F: Fn(ExportRequest) -> Opened + Send + Sync + 'static,
        Opened: Future<Output = Result<Export, ServerError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(open(request))))
    }
}

/// The comparison of some runs: `ids` separated by commas or given again, `baseline`, `format`.
pub async fn comparison(
    State(door): State<Door>,
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    let Ok(Query(parameters)) = parameters else {
        let message = "the query string is invalid; percent-encode its values";
        return Refusal::bad_input("query", message).into_response();
    };
    let mut request = ExportRequest::default();
    for (name, value) in parameters {
        match name.as_str() {
            "ids" => request.ids.extend(value.split(',').filter(|id| !id.is_empty()).map(str::to_owned)),
            "baseline" => request.baseline = Some(value).filter(|id| !id.is_empty()),
            "format" => request.format = Some(value),
            _ => {
                let message = format!("unknown parameter `{name}`; allowed are `ids`, `format` and `baseline`");
                return Refusal::bad_input("query", message).into_response();
            }
        }
    }
    match (door.exports.0)(request).await {
        Ok(export) => {
            let headers = [
                (header::CONTENT_TYPE, export.content_type.to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", export.file_name)),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            let text = export.text.inspect_err(|error| {
                tracing::error!(error = error.message, "an export was interrupted");
            });
            (headers, Body::from_stream(text.map_err(|error| std::io::Error::other(error.message)))).into_response()
        }
        Err(error) => Refusal::by_code(error).into_response(),
    }
}
