//! `/export/comparison`: streams a comparison as a file.
//!
//! The rule: an invalid request is answered with `errors`, as GraphQL does. An error in the middle of the file breaks
//! the transfer off, so that an incomplete file never looks complete.

use std::{future::Future, sync::Arc};

use async_graphql::ServerError;
use axum::{
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{TryStreamExt, future::BoxFuture};

use super::{Door, refusal::Refusal};
use crate::graphql::comparison::export::{Export, ExportRequest};

/// The function that opens an export.
#[derive(Clone)]
pub struct Exports(Arc<OpenExport>);

type OpenExport = dyn Fn(ExportRequest) -> BoxFuture<'static, Result<Export, ServerError>> + Send + Sync;

impl Exports {
    /// Creates the value from an asynchronous function.
    pub fn new<F, Opened>(open: F) -> Self
    where
        F: Fn(ExportRequest) -> Opened + Send + Sync + 'static,
        Opened: Future<Output = Result<Export, ServerError>> + Send + 'static,
    {
        Self(Arc::new(move |request| Box::pin(open(request))))
    }
}

/// Answers with the comparison of some runs. Query parameters: `ids` (separated by commas, or repeated), `baseline` and
/// `format`.
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
