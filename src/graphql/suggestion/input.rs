//! Input types: the filter and the order of a run's suggestions.

use async_graphql::{Enum, InputObject};

use super::object::{AssetKind, ConfidenceBand, ReviewState, Substance};
use crate::{
    domain::{filter, suggestion},
    graphql::run::input::OrderDirection,
};

/// A filter of suggestions. An absent field does not restrict; an empty list matches nothing.
#[derive(InputObject, Debug, Clone, Default)]
pub struct SuggestionFilter {
    /// Only suggestions in these review states.
    states: Option<Vec<ReviewState>>,
    /// Only suggestions in these confidence bands.
    bands: Option<Vec<ConfidenceBand>>,
    /// Only suggestions for assets of these kinds.
    kinds: Option<Vec<AssetKind>>,
    /// Only suggestions of these substances.
    substances: Option<Vec<Substance>>,
    /// If true, only suggestions for assets with a comment when the run read them; if false, only the others.
    has_comment: Option<bool>,
    /// If true, only suggestions with a newer version that was not skipped; if false, only the others.
    has_newer_version: Option<bool>,
    /// Only suggestions for this schema, by its exact name, and everything in it.
    schema: Option<String>,
    /// Only suggestions for this table, by its exact name, and its columns.
    table: Option<String>,
    /// Only suggestions with this text in their asset or description. Ignores case; `%` and `_` are literal.
    search: Option<String>,
    /// Only suggestions with this text in their asset's path, as in `AssetPath.display`. Ignores case; `%` and `_` are
    /// literal.
    name: Option<String>,
}

impl From<SuggestionFilter> for suggestion::SuggestionFilter {
    fn from(filter: SuggestionFilter) -> Self {
        Self {
            states: filter.states.map(|states| states.into_iter().map(Into::into).collect()),
            bands: filter.bands.map(|bands| bands.into_iter().map(Into::into).collect()),
            kinds: filter.kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            substances: filter.substances.map(|substances| substances.into_iter().map(Into::into).collect()),
            has_comment: filter.has_comment,
            has_newer_version: filter.has_newer_version,
            schema: filter.schema,
            table: filter.table,
            search: filter.search,
            name: filter.name,
        }
    }
}

/// A field to order suggestions by. Ties are ordered by position.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "suggestion::SuggestionOrderField")]
pub enum SuggestionOrderField {
    /// The order in which the run read the database.
    Position,
    /// By confidence.
    Confidence,
    /// By the asset's path.
    Name,
    /// By review state.
    ReviewState,
}

/// An order of suggestions.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct SuggestionOrder {
    /// The field.
    #[graphql(default_with = "SuggestionOrderField::Position")]
    pub field: SuggestionOrderField,
    /// The direction.
    #[graphql(default_with = "OrderDirection::Asc")]
    pub direction: OrderDirection,
}

impl From<SuggestionOrder> for (suggestion::SuggestionOrderField, filter::OrderDirection) {
    fn from(order: SuggestionOrder) -> Self {
        (order.field.into(), order.direction.into())
    }
}
