//! Which suggestions of a run, and in which order.

use async_graphql::{Enum, InputObject};

use super::object::{AssetKind, ConfidenceBand, ReviewState};
use crate::{
    domain::{filter, suggestion},
    graphql::run::input::OrderDirection,
};

/// Which suggestions; an absent part does not restrict, an empty list lets nothing through.
#[derive(InputObject, Debug, Clone, Default)]
pub struct SuggestionFilter {
    /// In one of these states of review.
    states: Option<Vec<ReviewState>>,
    /// In one of these bands of confidence.
    bands: Option<Vec<ConfidenceBand>>,
    /// For assets of these kinds.
    kinds: Option<Vec<AssetKind>>,
    /// Of this table, exactly so spelled, its columns included.
    table: Option<String>,
    /// Whose asset or description holds this text; letter case does not count, and `%` and `_` are plain
    /// characters.
    search: Option<String>,
}

impl From<SuggestionFilter> for suggestion::SuggestionFilter {
    fn from(filter: SuggestionFilter) -> Self {
        Self {
            states: filter.states.map(|states| states.into_iter().map(Into::into).collect()),
            bands: filter.bands.map(|bands| bands.into_iter().map(Into::into).collect()),
            kinds: filter.kinds.map(|kinds| kinds.into_iter().map(Into::into).collect()),
            table: filter.table,
            search: filter.search,
        }
    }
}

/// What suggestions can be ordered by. Ties go by position.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "suggestion::SuggestionOrderField")]
pub enum SuggestionOrderField {
    /// As the run walked through the database.
    Position,
    /// By confidence.
    Confidence,
    /// By the asset's name as displayed.
    Name,
    /// By state of review.
    ReviewState,
}

/// An order of suggestions.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct SuggestionOrder {
    /// By what.
    #[graphql(default_with = "SuggestionOrderField::Position")]
    pub field: SuggestionOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    pub direction: OrderDirection,
}

impl From<SuggestionOrder> for (suggestion::SuggestionOrderField, filter::OrderDirection) {
    fn from(order: SuggestionOrder) -> Self {
        (order.field.into(), order.direction.into())
    }
}
