//! The description of each asset: the text that was accepted last.
//!
//! The rule: one statement finds it from the suggestions, so it is right after any change of them.

use std::collections::{HashMap, HashSet};

use entity::{
    Word,
    catalog_asset::{self, Column},
    run, suggestion,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use super::{keys, of};
use crate::{
    domain::{
        Result,
        asset::AssetKind,
        id::{DbProfileId, RunId},
        suggestion::ReviewState,
    },
    store::{all, dialect, items, record, runs::MAX_KEYS, transaction::Transaction, trouble::DbResult as _},
};

/// Selects `what` of the suggestion that was accepted last for an asset.
fn accepted_last(connection: &impl ConnectionTrait, what: Expr) -> SelectStatement {
    use suggestion::Column as Of;
    let backend = connection.get_database_backend();
    let same = |theirs: Of, ours: Column| {
        let (theirs, ours) = (Expr::col((suggestion::Entity, theirs)), Expr::col((catalog_asset::Entity, ours)));
        dialect::same(backend, theirs, ours)
    };
    // Use the index on the name only: statistics on runs and review states may be out of date in this transaction.
    let plain = |column: Of| dialect::plain(backend, Expr::col((suggestion::Entity, column)));
    let of_run = plain(Of::RunId).eq(Expr::col((run::Entity, run::Column::Id)));
    let mut query = Query::select();
    query
        .expr(what)
        .from(suggestion::Entity)
        .inner_join(run::Entity, of_run)
        .and_where(Expr::col((suggestion::Entity, Of::Display)).equals((catalog_asset::Entity, Column::Display)))
        .and_where(same(Of::TableName, Column::TableName))
        .and_where(same(Of::SchemaName, Column::SchemaName))
        .and_where(same(Of::ColumnName, Column::ColumnName))
        .and_where(same(Of::DatabaseName, Column::DatabaseName))
        .and_where(
            Expr::col((run::Entity, run::Column::DbProfileId)).equals((catalog_asset::Entity, Column::DbProfileId)),
        )
        .and_where(plain(Of::ReviewState).is_in(items::ACCEPTED.map(ReviewState::as_str)))
        .order_by((suggestion::Entity, Of::ReviewedAt), Order::Desc)
        .order_by((suggestion::Entity, Of::Id), Order::Desc)
        .limit(1);
    query
}

/// Sets the description of the matching assets to the text that was accepted last, or to none.
pub(super) async fn describe(transaction: &Transaction, these: Condition) -> Result<(), DbErr> {
    use suggestion::Column as Of;
    let text =
        Expr::col((suggestion::Entity, Of::ReviewText)).if_null(Expr::col((suggestion::Entity, Of::Description)));
    let id = Expr::col((suggestion::Entity, Of::Id));
    catalog_asset::Entity::update_many()
        .col_expr(Column::DescribedBy, Expr::from(accepted_last(transaction, id)))
        .col_expr(Column::Description, Expr::from(accepted_last(transaction, text)))
        .filter(these)
        .exec(transaction)
        .await?;
    Ok(())
}

/// The asset that a suggestion describes, and its profile.
#[derive(FromQueryResult)]
struct Described {
    db_profile_id: i64,
    asset_kind: Word<AssetKind>,
    database_name: Option<String>,
    schema_name: Option<String>,
    table_name: Option<String>,
    column_name: Option<String>,
}

/// Updates the catalog after decisions on suggestions.
pub(in crate::store) async fn follow_reviews(transaction: &Transaction, mut suggestions: Vec<i64>) -> Result<()> {
    use suggestion::Column as Of;
    // Suggestions with adjacent ids are mostly of the same tables, so sorting reduces the look-ups.
    suggestions.sort_unstable();
    for ids in suggestions.chunks(MAX_KEYS) {
        let mut described = Query::select();
        described
            .column((run::Entity, run::Column::DbProfileId))
            .columns(
                [Of::AssetKind, Of::DatabaseName, Of::SchemaName, Of::TableName, Of::ColumnName]
                    .map(|column| (suggestion::Entity, column)),
            )
            .from(suggestion::Entity)
            .inner_join(run::Entity, Expr::col((run::Entity, run::Column::Id)).equals((suggestion::Entity, Of::RunId)))
            .and_where(Expr::col((suggestion::Entity, Of::Id)).is_in(ids.iter().copied()))
            .and_where(Expr::col((run::Entity, run::Column::DbProfileId)).is_not_null());
        let mut by_profile: HashMap<DbProfileId, HashSet<(String, String)>> = HashMap::new();
        for row in all::<Described>(transaction, &described).await? {
            let path = record::path_of!(row);
            by_profile.entry(DbProfileId(row.db_profile_id)).or_default().insert(keys(&path));
        }
        for (profile, wanted) in by_profile {
            describe_again(transaction, &at_keys(transaction, profile, &wanted).await.db()?).await.db()?;
        }
    }
    Ok(())
}

/// Returns the ids of a profile's assets with these pairs of table and column key. The query uses the table keys only,
/// because the index leads with the profile and the table key.
async fn at_keys(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    wanted: &HashSet<(String, String)>,
) -> Result<Vec<i64>, DbErr> {
    let tables: Vec<&String> = wanted.iter().map(|(table, _)| table).collect::<HashSet<_>>().into_iter().collect();
    let mut found = Vec::new();
    for tables in tables.chunks(MAX_KEYS) {
        let rows: Vec<(i64, String, String)> = catalog_asset::Entity::find()
            .select_only()
            .columns([Column::Id, Column::TableKey, Column::ColumnKey])
            .filter(of(profile).add(Column::TableKey.is_in(tables.iter().copied())))
            .into_tuple()
            .all(connection)
            .await?;
        let these = rows.into_iter().filter(|(_, table, column)| wanted.contains(&(table.clone(), column.clone())));
        found.extend(these.map(|(id, ..)| id));
    }
    Ok(found)
}

/// Returns the assets whose description comes from these runs. Call this before the runs are deleted.
pub(in crate::store) async fn described_by_runs(connection: &impl ConnectionTrait, runs: &[RunId]) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    for runs in runs.chunks(MAX_KEYS) {
        let theirs = Query::select()
            .column(suggestion::Column::Id)
            .from(suggestion::Entity)
            .and_where(Expr::col(suggestion::Column::RunId).is_in(runs.iter().map(|run| run.0)))
            .take();
        let ids: Vec<i64> = catalog_asset::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::DescribedBy.in_subquery(theirs))
            .into_tuple()
            .all(connection)
            .await
            .db()?;
        found.extend(ids);
    }
    Ok(found)
}

/// Finds the descriptions of these assets again.
pub(in crate::store) async fn describe_again(transaction: &Transaction, assets: &[i64]) -> Result<(), DbErr> {
    for ids in assets.chunks(MAX_KEYS) {
        describe(transaction, Condition::all().add(Column::Id.is_in(ids.iter().copied()))).await?;
    }
    Ok(())
}
