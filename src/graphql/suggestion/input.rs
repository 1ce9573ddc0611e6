//! Which suggestions of a run, and in which order.

use async_graphql::{Enum, InputObject};

use super::object::{AssetKind, ConfidenceBand, ReviewState, Substance};
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
    /// Whose description says so much.
    substances: Option<Vec<Substance>>,
    /// Whether a comment stood in the database when the run looked.
    has_comment: Option<bool>,
    /// Of this schema, exactly so spelled, all below it included.
    schema: Option<String>,
    /// Of this table, exactly so spelled, its columns included.
    table: Option<String>,
    /// Whose asset or description holds this text; letter case does not count, and `%` and `_` are plain
    /// characters.
    search: Option<String>,
    /// Whose asset's path, as `AssetPath.display` has it, holds this text; letter case does not count, and `%` and `_`
    /// are plain characters.
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
            schema: filter.schema,
            table: filter.table,
            search: filter.search,
            name: filter.name,
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
