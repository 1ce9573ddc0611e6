//! CSV: one record for each described asset.

use async_trait::async_trait;

use super::{CatalogAsset, Head, Line, Writer};
use crate::{
    domain::{Result, description::Texts},
    service::export::csv::Records,
};

/// Writes CSV.
pub struct Csv;

#[async_trait]
impl Writer for Csv {
    fn head(&mut self, _: &Head) -> Result<String> {
        let mut records = Records::new();
        records.add(["kind", "database", "schema", "table", "column", "type", "description", "origin"])?;
        records.text()
    }

    async fn tables(&mut self, assets: &[CatalogAsset], what: Texts) -> Result<String> {
        let mut records = Records::new();
        for line in assets.iter().filter_map(|asset| Line::of(asset, what)) {
            let named = [line.database, line.schema, line.table, line.column, line.data_type];
            let [database, schema, table, column, data_type] = named.map(Option::unwrap_or_default);
            let fields = [line.kind, database, schema, table, column, data_type, line.description, line.origin];
            records.add(fields)?;
        }
        records.text()
    }

    fn end(&mut self) -> String {
        String::new()
    }
}
