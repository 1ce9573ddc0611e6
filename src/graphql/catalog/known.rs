//! The indexed catalog: what is known of a database without reading it.

use async_graphql::{Object, SimpleObject};

use crate::{
    domain::description,
    graphql::{connection::Connection, suggestion::object::AssetPath},
};

/// A schema, table or view of a catalog as it was last read, with its columns.
pub struct CatalogTable(pub Vec<description::CatalogAsset>);

/// A schema, table or view of a catalog as it was last read, with its columns.
#[Object]
impl CatalogTable {
    /// The schema, table or view itself.
    async fn itself(&self) -> Option<CatalogAsset> {
        self.0.first().map(Into::into)
    }

    /// Its columns, in their order.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn columns(&self) -> Vec<CatalogAsset> {
        self.0.iter().skip(1).map(Into::into).collect()
    }
}

/// An asset of a catalog as it was last read.
#[derive(SimpleObject, Debug, Clone)]
pub struct CatalogAsset {
    /// Its path.
    asset: AssetPath,
    /// Its comment; null if it has none.
    comment: Option<String>,
    /// The text that was accepted last; null if none was.
    accepted_text: Option<String>,
    /// Whether the accepted text was written to the database and not rolled back.
    applied: bool,
}

impl From<&description::CatalogAsset> for CatalogAsset {
    fn from(asset: &description::CatalogAsset) -> Self {
        Self {
            asset: AssetPath::from(&asset.asset.path),
            comment: asset.asset.comment.clone(),
            accepted_text: asset.asset.description.clone(),
            applied: asset.applied,
        }
    }
}

/// One page of a catalog.
pub type CatalogTableConnection = Connection<CatalogTable>;
