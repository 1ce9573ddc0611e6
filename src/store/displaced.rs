//! Reviews that were displaced: a suggestion is skipped when another version of its chain is accepted, and its earlier
//! review returns when that acceptance is taken back.
//!
//! The rule: a displaced review returns only to a suggestion that nobody accepted meanwhile. A person who skips the
//! suggestion once more deletes it.

use std::collections::HashSet;

use entity::{displaced_review, suggestion};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{all, runs::MAX_KEYS, transaction::Transaction, trouble::DbResult as _, write};
use crate::domain::{Result, suggestion::ReviewState};

/// A suggestion whose earlier review returns.
#[derive(Debug, FromQueryResult)]
pub(super) struct Returning {
    pub id: i64,
    pub run_id: i64,
}

/// Records the reviews of suggestions that are about to be skipped, in place of earlier records.
pub(super) async fn keep(transaction: &Transaction, reviews: Vec<displaced_review::Model>) -> Result<()> {
    let ids: Vec<i64> = reviews.iter().map(|review| review.suggestion_id).collect();
    forget(transaction, &ids).await.db()?;
    write::insert(transaction, reviews.into_iter().map(IntoActiveModel::into_active_model)).await
}

/// Deletes the records of these suggestions.
pub(super) async fn forget(transaction: &Transaction, suggestions: &[i64]) -> Result<(), DbErr> {
    for ids in suggestions.chunks(MAX_KEYS) {
        displaced_review::Entity::delete_many()
            .filter(displaced_review::Column::SuggestionId.is_in(ids.iter().copied()))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// Returns the suggestions that these accepted ones displaced.
pub(super) async fn displaced_by(
    connection: &impl ConnectionTrait,
    accepted: &[i64],
    except: &HashSet<i64>,
) -> Result<Vec<Returning>> {
    use displaced_review::Column as Of;
    let undecided = [ReviewState::Unreviewed, ReviewState::Skipped].map(ReviewState::as_str);
    let mut returning = Vec::new();
    for accepted in accepted.chunks(MAX_KEYS) {
        let mut query = Query::select();
        query
            .columns([suggestion::Column::Id, suggestion::Column::RunId].map(|column| (suggestion::Entity, column)))
            .from(suggestion::Entity)
            .inner_join(
                displaced_review::Entity,
                Expr::col((displaced_review::Entity, Of::SuggestionId))
                    .equals((suggestion::Entity, suggestion::Column::Id)),
            )
            .and_where(Expr::col((displaced_review::Entity, Of::AcceptedId)).is_in(accepted.iter().copied()))
            .and_where(Expr::col((suggestion::Entity, suggestion::Column::ReviewState)).is_in(undecided));
        let found: Vec<Returning> = all(connection, &query).await?;
        returning.extend(found.into_iter().filter(|it| !except.contains(&it.id)));
    }
    Ok(returning)
}

/// Gives suggestions their earlier reviews back.
pub(super) async fn put_back(transaction: &Transaction, suggestions: &[i64]) -> Result<(), DbErr> {
    use displaced_review::Column as Of;
    use suggestion::Column;
    let earlier = |column: Of| {
        let own = Expr::col((suggestion::Entity, Column::Id));
        let mut query = Query::select();
        query
            .column((displaced_review::Entity, column))
            .from(displaced_review::Entity)
            .and_where(Expr::col((displaced_review::Entity, Of::SuggestionId)).eq(own));
        Expr::from(query)
    };
    for ids in suggestions.chunks(MAX_KEYS) {
        suggestion::Entity::update_many()
            .col_expr(Column::ReviewState, earlier(Of::ReviewState))
            .col_expr(Column::ReviewText, earlier(Of::ReviewText))
            .col_expr(Column::Reviewer, earlier(Of::Reviewer))
            .col_expr(Column::ReviewedAt, earlier(Of::ReviewedAt))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(transaction)
            .await?;
    }
    forget(transaction, suggestions).await
}
