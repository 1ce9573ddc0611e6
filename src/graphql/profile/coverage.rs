//! The documentation coverage of a database.

use async_graphql::SimpleObject;

use crate::{
    domain::{clock::Moment, coverage},
    graphql::{
        connection::{Connection, count},
        suggestion::object::{AssetKind, AssetPath},
    },
};

/// One page of assets.
pub type AssetPathConnection = Connection<AssetPath>;

/// How much of a database is documented: its tables, views, materialized views and columns, without the tables that the
/// profile excludes.
#[derive(SimpleObject, Debug, Clone)]
pub struct Coverage {
    /// The number of assets.
    assets: i32,
    /// The number of assets with a comment.
    documented: i32,
    /// The number of assets without a comment that have an accepted text, which has not been applied yet.
    accepted: i32,
    /// The figures per kind, for kinds that exist.
    by_kind: Vec<CoverageOfKind>,
    /// The figures per schema, by name.
    schemas: Vec<CoverageOfSchema>,
    /// When the whole catalog was last read. Runs keep it current in between.
    read_at: Moment,
}

/// How many assets of one kind are documented.
#[derive(SimpleObject, Debug, Clone)]
pub struct CoverageOfKind {
    /// The kind.
    kind: AssetKind,
    /// The number of assets.
    assets: i32,
    /// The number of assets with a comment.
    documented: i32,
    /// The number of assets without a comment that have an accepted text, which has not been applied yet.
    accepted: i32,
}

/// How much of a schema is documented.
#[derive(SimpleObject, Debug, Clone)]
pub struct CoverageOfSchema {
    /// The database; null if the server has no level above its schemas.
    database: Option<String>,
    /// The schema.
    schema: Option<String>,
    /// The number of assets in the schema.
    assets: i32,
    /// The number of assets with a comment.
    documented: i32,
    /// The number of assets without a comment that have an accepted text, which has not been applied yet.
    accepted: i32,
}

impl From<coverage::Coverage> for Coverage {
    fn from(coverage: coverage::Coverage) -> Self {
        let figures = |it: coverage::CoverageFigures| [it.assets, it.documented, it.accepted].map(count);
        let of_kind = |(kind, counted): (_, _)| {
            let [assets, documented, accepted] = figures(counted);
            CoverageOfKind { kind: AssetKind::from(kind), assets, documented, accepted }
        };
        let of_schema = |(database, schema, counted): (_, _, _)| {
            let [assets, documented, accepted] = figures(counted);
            CoverageOfSchema { database, schema, assets, documented, accepted }
        };
        let [assets, documented, accepted] = figures(coverage.total);
        Self {
            assets,
            documented,
            accepted,
            by_kind: coverage.kinds.into_iter().map(of_kind).collect(),
            schemas: coverage.schemas.into_iter().map(of_schema).collect(),
            read_at: coverage.read_at,
        }
    }
}
