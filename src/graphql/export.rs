//! Exports as streams of text, for the HTTP server. Each word of the domain opens its own in its `export.rs`.

use async_graphql::{Response, ServerError};
use futures_util::{Stream, StreamExt, future::BoxFuture, stream::BoxStream};

use super::{comparison::export::ComparisonExport, error, profile::export::DescriptionsExport};
use crate::{
    domain::{Error, Result},
    service::Services,
};

/// The unchecked parameters of an export.
#[derive(Debug, Clone)]
pub enum ExportRequest {
    /// A comparison of runs.
    Comparison(ComparisonExport),
    /// The descriptions of a database.
    Descriptions(DescriptionsExport),
}

/// A function that opens an export.
pub type OpenExport = dyn Fn(ExportRequest) -> BoxFuture<'static, Result<Export, ServerError>> + Send + Sync;

/// An open export.
pub struct Export {
    /// The media type of the text.
    pub content_type: &'static str,
    /// The name of the file for browsers.
    pub file_name: String,
    /// The text in pieces; an error ends it.
    pub text: BoxStream<'static, Result<String, ServerError>>,
}

impl Export {
    /// Creates the value. `kind` is the last part of the file's name and the media type.
    pub(super) fn new(
        name: &str,
        kind: (&'static str, &'static str),
        text: impl Stream<Item = Result<String>> + Send + 'static,
    ) -> Self {
        let (ending, content_type) = kind;
        let text = text.map(|piece| piece.map_err(coded)).boxed();
        Self { content_type, file_name: format!("{}.{ending}", plain(name)), text }
    }
}

/// The endings and media types of the formats.
pub(super) const CSV: (&str, &str) = ("csv", "text/csv; charset=utf-8");
pub(super) const JSON: (&str, &str) = ("json", "application/json; charset=utf-8");
pub(super) const MARKDOWN: (&str, &str) = ("md", "text/markdown; charset=utf-8");
pub(super) const DBT: (&str, &str) = ("yml", "application/yaml; charset=utf-8");
pub(super) const SQL: (&str, &str) = ("sql", "application/sql; charset=utf-8");

/// Opens an export. Every error of the request is found before the first piece.
///
/// # Errors
/// Returns an error with its code, as an operation would.
pub async fn export(services: &Services, request: ExportRequest) -> Result<Export, ServerError> {
    let opened = match request {
        ExportRequest::Comparison(request) => request.open(services).await,
        ExportRequest::Descriptions(request) => request.open(services).await,
    };
    opened.map_err(coded)
}

/// Returns a name of a file with other characters than ASCII letters, digits, `-`, `_` and `.` replaced.
fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

/// Converts an error as a response would show it.
fn coded(error: Error) -> ServerError {
    let error = async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default());
    let mut response = Response::from_errors(vec![error]);
    error::finish(&mut response);
    response.errors.swap_remove(0)
}
