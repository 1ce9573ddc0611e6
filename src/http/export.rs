//! The paths below `/export`: each streams a file.
//!
//! The rules: an invalid request is answered with `errors`, as GraphQL does. An error in the middle of the file breaks
//! the transfer off, so that an incomplete file never looks complete. To add a file, add its parameters to
//! [`ExportRequest`], a handler here, and a route.

use std::{future::Future, sync::Arc};

use async_graphql::ServerError;
use axum::{
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;

use super::{Door, refusal::Refusal};
use crate::graphql::{
    comparison::export::ComparisonExport,
    export::{Export, ExportRequest, OpenExport},
    profile::export::DescriptionsExport,
};

/// The function that opens an export.
#[derive(Clone)]
pub struct Exports(Arc<OpenExport>);

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

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// Answers with the comparison of some runs. Query parameters: `ids` (separated by commas, or repeated), `baseline` and
/// `format`.
pub async fn comparison(State(door): State<Door>, parameters: Parameters) -> Response {
    let mut request = ComparisonExport::default();
    let read = read(parameters, "`ids`, `format` and `baseline`", |name, value| {
        match name {
            "ids" => request.ids.extend(value.split(',').filter(|id| !id.is_empty()).map(str::to_owned)),
            "baseline" => request.baseline = Some(value).filter(|id| !id.is_empty()),
            "format" => request.format = Some(value),
            _ => return false,
        }
        true
    });
    match read {
        Ok(()) => answer(&door, ExportRequest::Comparison(request)).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Answers with what is documented of a database. Query parameters: `profile`, `format`, `what`, and `schema` (may be
/// repeated).
pub async fn descriptions(State(door): State<Door>, parameters: Parameters) -> Response {
    let mut request = DescriptionsExport::default();
    let read = read(parameters, "`profile`, `format`, `what` and `schema`", |name, value| {
        match name {
            "profile" => request.profile = Some(value),
            "format" => request.format = Some(value),
            "what" => request.what = Some(value),
            "schema" => request.schemas.push(value),
            _ => return false,
        }
        true
    });
    match read {
        Ok(()) => answer(&door, ExportRequest::Descriptions(request)).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Passes each query parameter to `take`, which returns whether it knows the name.
fn read(parameters: Parameters, known: &str, mut take: impl FnMut(&str, String) -> bool) -> Result<(), Refusal> {
    let Ok(Query(parameters)) = parameters else {
        let message = "the query string is invalid; percent-encode its values";
        return Err(Refusal::bad_input("query", message));
    };
    for (name, value) in parameters {
        if !take(&name, value) {
            let message = format!("unknown parameter `{name}`; allowed are {known}");
            return Err(Refusal::bad_input("query", message));
        }
    }
    Ok(())
}

async fn answer(door: &Door, request: ExportRequest) -> Response {
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
