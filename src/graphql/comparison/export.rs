//! A comparison as a stream of text, for the HTTP server.

use std::sync::Arc;

use async_graphql::{ID, Response, ServerError};
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    domain::{self, Error, id::RunId},
    graphql::{error, ids::Key},
    service::{Services, comparisons::ExportFormat},
};

/// The unchecked parameters of an export.
#[derive(Debug, Clone, Default)]
pub struct ExportRequest {
    /// The runs' global ids.
    pub ids: Vec<String>,
    /// The baseline's global id.
    pub baseline: Option<String>,
    /// `csv`, `json` or `md`.
    pub format: Option<String>,
}

/// An open export.
pub struct Export {
    /// The media type of the text.
    pub content_type: &'static str,
    /// The name of the file for browsers.
    pub file_name: String,
    /// The text in pieces; an error ends it.
    pub text: BoxStream<'static, Result<String, ServerError>>,
}

/// Opens an export. Every error of the request is found before the first piece.
///
/// # Errors
/// Returns an error with its code, as an operation would.
pub async fn export(services: &Services, request: ExportRequest) -> Result<Export, ServerError> {
    open(services, request).await.map_err(coded)
}

async fn open(services: &Services, request: ExportRequest) -> domain::Result<Export> {
    let (format, ending, content_type) = match request.format.as_deref() {
        Some("csv") => (ExportFormat::Csv, "csv", "text/csv; charset=utf-8"),
        Some("json") => (ExportFormat::Json, "json", "application/json; charset=utf-8"),
        Some("md") => (ExportFormat::Markdown, "md", "text/markdown; charset=utf-8"),
        _ => return Err(Error::bad_input("format", "set `format` to `csv`, `json` or `md`")),
    };
    let ids: Vec<ID> = request.ids.into_iter().map(ID).collect();
    let ids = RunId::from_arguments(&ids, "ids")?;
    let baseline = request.baseline.map(|id| RunId::from_argument(&ID(id), "baseline")).transpose()?;
    let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let comparison = Arc::new(services.comparisons.open(&ids, baseline).await?);
    let text = services.comparisons.export(comparison, format).await?;
    Ok(Export {
        content_type,
        file_name: format!("comparison-{}.{ending}", numbers.join("-")),
        text: text.map(|piece| piece.map_err(coded)).boxed(),
    })
}

/// Converts an error as a response would show it.
fn coded(error: Error) -> ServerError {
    let error = async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default());
    let mut response = Response::from_errors(vec![error]);
    error::finish(&mut response);
    response.errors.swap_remove(0)
}
