//! The names of lists, which their cursors carry: a cursor of one list is refused by any other.

use crate::domain::{
    filter::{OrderDirection, RunOrder, RunOrderField},
    id::RunId,
    suggestion::SuggestionOrderField,
};

const fn direction(direction: OrderDirection) -> &'static str {
    match direction {
        OrderDirection::Asc => "ASC",
        OrderDirection::Desc => "DESC",
    }
}

/// The list of runs in this order.
#[must_use]
pub fn runs(order: RunOrder) -> String {
    let field = match order.field {
        RunOrderField::StartedAt => "STARTED_AT",
        RunOrderField::Number => "NUMBER",
        RunOrderField::Duration => "DURATION",
        RunOrderField::Status => "STATUS",
        RunOrderField::Command => "COMMAND",
        RunOrderField::Model => "MODEL",
        RunOrderField::DbProfile => "DB_PROFILE",
    };
    format!("runs:{field}:{}", direction(order.direction))
}

/// The list of a run's suggestions in this order.
#[must_use]
pub fn suggestions(run: RunId, order: (SuggestionOrderField, OrderDirection)) -> String {
    let field = match order.0 {
        SuggestionOrderField::Position => "POSITION",
        SuggestionOrderField::Confidence => "CONFIDENCE",
        SuggestionOrderField::Name => "NAME",
        SuggestionOrderField::ReviewState => "REVIEW_STATE",
    };
    format!("suggestions:{run}:{field}:{}", direction(order.1))
}

/// The list of a run's events.
#[must_use]
pub fn events(run: RunId) -> String {
    format!("events:{run}")
}
