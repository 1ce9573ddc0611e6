//! The substance of suggestions, rated when they are written. Opening a store rates the rows of earlier versions.
//!
//! The rule: a rating follows from the row alone, so a row without one is rated when it is read. The column serves
//! filters and figures.

use entity::suggestion::{self, Column};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
    sea_query::{CaseStatement, Expr, ExprTrait},
};

use super::record;
use crate::domain::substance::{Described, Substance, substance};

/// Number of rows rated in one transaction.
const ROWS_AT_ONCE: u64 = 500;

/// Returns a row's recorded rating, or computes it.
pub(super) fn rating(row: &suggestion::Model) -> Substance {
    if let Some(rated) = row.substance {
        return rated.0;
    }
    let (asset, data_type) = (record::asset_of(row), row.data_type.as_deref());
    substance(&row.description, Described { asset: &asset, data_type, comment: row.existing_comment.as_deref() })
}

/// Rates the rows that an earlier version left unrated, in batches. Finished batches remain if the process dies.
pub(super) async fn rate_all(writer: &DatabaseConnection) -> Result<(), DbErr> {
    let mut rated = 0;
    loop {
        let transaction = writer.begin().await?;
        let rows = suggestion::Entity::find()
            .filter(Column::Substance.is_null())
            .order_by_asc(Column::Id)
            .limit(ROWS_AT_ONCE)
            .all(&transaction)
            .await?;
        if rows.is_empty() {
            break;
        }
        let mut ratings = CaseStatement::new();
        for row in &rows {
            ratings = ratings.case(Expr::col(Column::Id).eq(row.id), rating(row).as_str());
        }
        suggestion::Entity::update_many()
            .col_expr(Column::Substance, ratings.into())
            .filter(Column::Id.is_in(rows.iter().map(|row| row.id)))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        rated += rows.len();
    }
    if rated > 0 {
        tracing::info!(suggestions = rated, "suggestions of an earlier version rated");
    }
    Ok(())
}
