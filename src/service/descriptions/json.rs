//! JSON: one object. `assets` comes last, so that a reader can process the assets as they arrive.

use async_trait::async_trait;

use super::{CatalogAsset, Head, Line, Writer};
use crate::{
    domain::{Result, description::Texts},
    service::export::json::Objects,
};

/// Writes JSON.
#[derive(Default)]
pub struct Json(Objects);

#[async_trait]
impl Writer for Json {
    fn head(&mut self, head: &Head) -> Result<String> {
        Objects::head(head, "assets")
    }

    async fn tables(&mut self, assets: &[CatalogAsset], what: Texts) -> Result<String> {
        self.0.add(assets.iter().filter_map(|asset| Line::of(asset, what)))
    }

    fn end(&mut self) -> String {
        Objects::END.to_owned()
    }
}
