//! A comparison as a stream of text, for the HTTP server.

use std::sync::Arc;

use async_graphql::ID;

use crate::{
    domain::{Error, Result, id::RunId},
    graphql::{
        export::{CSV, Export, JSON, MARKDOWN},
        ids::Key,
    },
    service::{Services, comparisons::ExportFormat},
};

/// The unchecked parameters of an export.
#[derive(Debug, Clone, Default)]
pub struct ComparisonExport {
    /// The runs' global ids.
    pub ids: Vec<String>,
    /// The baseline's global id.
    pub baseline: Option<String>,
    /// `csv`, `json` or `md`.
    pub format: Option<String>,
}

impl ComparisonExport {
    /// Opens the export.
    pub(in crate::graphql) async fn open(self, services: &Services) -> Result<Export> {
        let (format, kind) = match self.format.as_deref() {
            Some("csv") => (ExportFormat::Csv, CSV),
            Some("json") => (ExportFormat::Json, JSON),
            Some("md") => (ExportFormat::Markdown, MARKDOWN),
            _ => return Err(Error::bad_input("format", "set `format` to `csv`, `json` or `md`")),
        };
        let ids: Vec<ID> = self.ids.into_iter().map(ID).collect();
        let ids = RunId::from_arguments(&ids, "ids")?;
        let baseline = self.baseline.map(|id| RunId::from_argument(&ID(id), "baseline")).transpose()?;
        let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let comparison = Arc::new(services.comparisons.open(&ids, baseline).await?);
        let text = services.comparisons.export(comparison, format).await?;
        Ok(Export::new(&format!("comparison-{}", numbers.join("-")), kind, text))
    }
}
