//! Which assets of a comparison.

use async_graphql::{Enum, InputObject};

use crate::{domain::compare, graphql::suggestion::object::AssetKind, service::comparisons};

/// How the texts for one asset relate.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::Agreement")]
pub enum Agreement {
    /// All texts are equal, after trimming and folding white space.
    Same,
    /// `similarity` is at least 0.6.
    Similar,
    /// `similarity` is below 0.6.
    Different,
    /// Some run has nothing for it.
    Missing,
}

/// How an export is written. All formats hold the same.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "comparisons::ExportFormat")]
pub enum ExportFormat {
    /// One table (RFC 4180); its first column tells comparison, run, difference, metric and asset apart.
    Csv,
    /// One object with `runs`, `differences`, `metrics` and `assets`.
    Json,
    /// Tables for people; winners in bold.
    Markdown,
}

/// Which assets; an absent part does not restrict, an empty list lets nothing through.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ComparedAssetFilter {
    /// Whose texts relate in one of these ways.
    agreement: Option<Vec<Agreement>>,
    /// Of these kinds.
    kinds: Option<Vec<AssetKind>>,
    /// Whose name or one of whose texts holds this text; letter case does not count, and `%` and `_` are plain
    /// characters.
    search: Option<String>,
}

impl From<ComparedAssetFilter> for compare::ComparedAssetFilter {
    fn from(filter: ComparedAssetFilter) -> Self {
        Self {
            agreement: filter.agreement.map(|them| them.into_iter().map(Into::into).collect()),
            kinds: filter.kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            search: filter.search,
        }
    }
}
