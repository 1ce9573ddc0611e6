//! Deletes old runs. `domain/src/retention.rs` says which ones are needed; this file asks the database.
//!
//! The rules: whether a run is needed is decided in the transaction that deletes it. A transaction is small: a large
//! run first loses its rows in several, and is deleted in the last. If that is interrupted, the next prune continues.

use entity::{applied_comment, apply_item, catalog_asset, run, run_event, run_row, suggestion, verdict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::{SqlStore, items, record, runs, transaction::Transaction, trouble::DbResult as _};
use crate::{
    domain::{
        Result,
        id::RunId,
        retention::{PruneCounts, PruneOrder},
        status::RunStatus,
        suggestion::ReviewState,
    },
    port::store::PruneStep,
};

/// Maximum number of runs that one transaction deletes.
const MAX_RUNS: u64 = 100;
/// Maximum number of rows that one transaction deletes, with what belongs to them.
const MANY_ROWS: i32 = 1_000;

/// The statuses of runs that have ended. A paused run has not.
const ENDED: [RunStatus; 4] = [RunStatus::Success, RunStatus::ReadyForReview, RunStatus::Failed, RunStatus::Cancelled];

pub(super) async fn counts(store: &SqlStore, order: &PruneOrder) -> Result<PruneCounts> {
    let all = run::Entity::find().filter(ended(order)).count(store.read()).await.db()?;
    let removable = run::Entity::find().filter(ended(order)).filter(needed().not()).count(store.read()).await.db()?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(PruneCounts { removable: number(removable), needed: number(all.saturating_sub(removable)) })
}

pub(super) async fn step(store: &SqlStore, order: &PruneOrder, after: RunId) -> Result<Option<PruneStep>> {
    let order = order.clone();
    store
        .transact(move |transaction| async move {
            let found: Vec<(i64, Option<i32>)> = run::Entity::find()
                .select_only()
                .columns([run::Column::Id, run::Column::RowsTotal])
                .filter(run::Column::Id.gt(after.0))
                .filter(ended(&order))
                .filter(needed().not())
                .order_by_asc(run::Column::Id)
                .limit(MAX_RUNS)
                .into_tuple()
                .all(&transaction)
                .await
                .db()?;
            let Some((first, rows)) = found.first().copied() else { return Ok(None) };
            if rows.unwrap_or_default() > MANY_ROWS && shrink(&transaction, first).await.db()? {
                transaction.commit().await?;
                return Ok(Some(PruneStep { deleted: 0, last: after }));
            }
            let mut ids = Vec::with_capacity(found.len());
            let mut rows = 0;
            for (id, total) in found {
                rows += total.unwrap_or_default();
                if rows > MANY_ROWS && !ids.is_empty() {
                    break;
                }
                ids.push(RunId(id));
            }
            let step = PruneStep { deleted: ids.len(), last: ids.last().copied().unwrap_or(after) };
            runs::remove(transaction, ids).await?;
            Ok(Some(step))
        })
        .await
}

/// Deletes some suggestions, rows and events of a large run. Returns `false` if few are left.
async fn shrink(transaction: &Transaction, run: i64) -> Result<bool, DbErr> {
    let suggestions = Query::select()
        .column(suggestion::Column::Id)
        .from(suggestion::Entity)
        .and_where(suggestion::Column::RunId.eq(run))
        .limit(u64::from(MANY_ROWS.unsigned_abs()))
        .take();
    let suggestions = suggestion::Entity::delete_many().filter(suggestion::Column::Id.in_subquery(suggestions));
    let deleted = suggestions.exec(transaction).await?.rows_affected;
    let up_to = |last: Option<i32>| last.map(|first| first.saturating_add(MANY_ROWS));
    let mut first = Query::select();
    first.expr(Expr::col(run_row::Column::Position).min()).from(run_row::Entity);
    first.and_where(run_row::Column::RunId.eq(run));
    let mut rows = 0;
    if let Some(up_to) = up_to(smallest(transaction, &first).await?) {
        let some = run_row::Entity::delete_many().filter(run_row::Column::RunId.eq(run));
        rows = some.filter(run_row::Column::Position.lt(up_to)).exec(transaction).await?.rows_affected;
        let verdicts = verdict::Entity::delete_many().filter(verdict::Column::RunId.eq(run));
        verdicts.filter(verdict::Column::Position.lt(up_to)).exec(transaction).await?;
    }
    let mut first = Query::select();
    first.expr(Expr::col(run_event::Column::Sequence).min()).from(run_event::Entity);
    first.and_where(run_event::Column::RunId.eq(run));
    // A row has about two events.
    if let Some(up_to) = up_to(up_to(smallest(transaction, &first).await?)) {
        let events = run_event::Entity::delete_many().filter(run_event::Column::RunId.eq(run));
        events.filter(run_event::Column::Sequence.lt(up_to)).exec(transaction).await?;
    }
    let most = u64::from(MANY_ROWS.unsigned_abs());
    Ok(deleted == most || rows == most)
}

/// Returns the only value of a query; `None` if there is none.
async fn smallest(transaction: &Transaction, query: &SelectStatement) -> Result<Option<i32>, DbErr> {
    let row = transaction.query_one(query).await?;
    row.map_or(Ok(None), |row| row.try_get_by_index(0))
}

/// Matches runs of the order's kinds that have ended before its time.
fn ended(order: &PruneOrder) -> Condition {
    let before = record::millis(order.ended_before);
    let kinds = order.kinds.as_ref().map(|kinds| run::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())));
    Condition::all()
        .add(run::Column::Status.is_in(runs::spellings(&ENDED)))
        .add(run::Column::FinishedAt.lt(before))
        // A run is listed by its start, for which there is an index.
        .add(run::Column::ListedAt.lt(before))
        .add_option(kinds)
}

/// Matches runs that are needed.
fn needed() -> Condition {
    let has_suggestion = Query::select()
        .expr(Expr::val(1))
        .from(suggestion::Entity)
        .and_where(suggestion::Column::RunId.into_expr().equals((run::Entity, run::Column::Id)))
        .cond_where(
            Condition::any()
                .add(suggestion::Column::ReviewState.eq(ReviewState::Unreviewed.as_str()))
                .add(items::unapplied())
                .add(describes())
                .add(stands()),
        )
        .take();
    let is_in_doubt = Query::select()
        .expr(Expr::val(1))
        .from(apply_item::Entity)
        .and_where(apply_item::Column::RunId.into_expr().equals((run::Entity, run::Column::Id)))
        .cond_where(
            Condition::any().add(apply_item::Column::Begun.eq(true)).add(apply_item::Column::Doubt.is_not_null()),
        )
        .take();
    Condition::any()
        .add(run::Column::Status.eq(RunStatus::ReadyForReview.as_str()))
        .add(Expr::exists(has_suggestion))
        .add(Expr::exists(is_in_doubt))
}

/// Matches suggestions whose text describes an asset.
fn describes() -> Expr {
    let asset = Query::select()
        .expr(Expr::val(1))
        .from(catalog_asset::Entity)
        .and_where(catalog_asset::Column::DescribedBy.into_expr().equals((suggestion::Entity, suggestion::Column::Id)))
        .take();
    Expr::exists(asset)
}

/// Matches suggestions whose last write stands and is the last one that stands on its asset. After a later write a
/// roll-back would be a conflict, and without the profile nobody can roll back.
fn stands() -> Expr {
    use applied_comment::Column;
    let later = Alias::new("later");
    let of_later = |column: Column| Expr::col((later.clone(), column));
    let overwritten = Query::select()
        .expr(Expr::val(1))
        .from_as(applied_comment::Entity, later.clone())
        .and_where(of_later(Column::DbProfileId).equals((applied_comment::Entity, Column::DbProfileId)))
        .and_where(of_later(Column::AssetKey).equals((applied_comment::Entity, Column::AssetKey)))
        .and_where(of_later(Column::Id).gt(Expr::col((applied_comment::Entity, Column::Id))))
        .and_where(of_later(Column::Undoes).is_null())
        .and_where(of_later(Column::RolledBackAt).is_null())
        .take();
    let write = Query::select()
        .expr(Expr::val(1))
        .from(applied_comment::Entity)
        .and_where(Column::Id.into_expr().equals((suggestion::Entity, suggestion::Column::AppliedId)))
        .and_where(Column::DbProfileId.is_not_null())
        .and_where(Column::RolledBackAt.is_null())
        .and_where(Expr::exists(overwritten).not())
        .take();
    Expr::exists(write)
}
