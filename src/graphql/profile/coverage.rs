//! How much of a database is documented.

use async_graphql::SimpleObject;

use crate::{
    domain::{clock::Moment, coverage},
    graphql::{connection::count, suggestion::object::AssetKind},
};

/// How much of a database is documented: its tables, views, materialized views and their columns, without the tables
/// that the profile excludes.
#[derive(SimpleObject, Debug, Clone)]
pub struct Coverage {
    /// All of them.
    assets: i32,
    /// Those that carry a comment.
    documented: i32,
    /// Those with an accepted text that is not applied yet.
    accepted: i32,
    /// Per kind, those that there are.
    by_kind: Vec<CoverageOfKind>,
    /// Per schema, by name.
    schemas: Vec<CoverageOfSchema>,
    /// When the catalog was last read whole. Runs keep it current since.
    read_at: Moment,
}

/// How many assets of one kind are documented.
#[derive(SimpleObject, Debug, Clone)]
pub struct CoverageOfKind {
    /// The kind.
    kind: AssetKind,
    /// All of it.
    assets: i32,
    /// Those that carry a comment.
    documented: i32,
    /// Those with an accepted text that is not applied yet.
    accepted: i32,
}

/// How much of a schema is documented.
#[derive(SimpleObject, Debug, Clone)]
pub struct CoverageOfSchema {
    /// The database; null where the server has no level above its schemas.
    database: Option<String>,
    /// The schema.
    schema: Option<String>,
    /// All in it.
    assets: i32,
    /// Those that carry a comment.
    documented: i32,
    /// Those with an accepted text that is not applied yet.
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
