//! Input types: which assets of a comparison to list.

use async_graphql::{Enum, InputObject};

use crate::{domain::compare, graphql::suggestion::object::AssetKind, service::comparisons};

/// How similar the texts for one asset are.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "compare::Agreement")]
pub enum Agreement {
    /// All texts are equal after trimming and folding white space.
    Same,
    /// `similarity` is at least 0.6.
    Similar,
    /// `similarity` is below 0.6.
    Different,
    /// At least one run has no text for it.
    Missing,
}

/// The format of an export. All formats have the same content.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "comparisons::ExportFormat")]
pub enum ExportFormat {
    /// One table (RFC 4180). Its first column is the kind of row: comparison, run, difference, metric or asset.
    Csv,
    /// One object with `runs`, `differences`, `metrics` and `assets`.
    Json,
    /// Tables for people, with winners in bold.
    Markdown,
}

/// A filter of assets. An absent field does not restrict; an empty list matches nothing.
#[derive(InputObject, Debug, Clone, Default)]
pub struct ComparedAssetFilter {
    /// Only assets with one of these agreements.
    agreement: Option<Vec<Agreement>>,
    /// Only assets of these kinds.
    kinds: Option<Vec<AssetKind>>,
    /// Only assets with this text in their name or in one of their texts. Ignores case; `%` and `_` are literal.
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
