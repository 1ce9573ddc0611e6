//! The items of applies and roll-backs: the plan and the outcome of each item. `apply_plan.rs` selects them.
//!
//! The rules: an item's outcome is recorded once. A write is recorded with its item in one transaction, and the fields
//! of a suggestion about its writes (`applied_id`, `applied_text`) follow from the audit. Only one version of a chain
//! stands in the database: when one is written, the others stand no longer.

use entity::{
    JsonText, Millis, Word, applied_comment, apply_item, run,
    suggestion::{self, Column},
};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    catalog, chain,
    keyset::{self, KeyType, Keyset},
    nth, number, record,
    transaction::Transaction,
    trouble::DbResult as _,
    write,
};
use crate::domain::{
    Error, Result,
    apply::{ApplyItem, ApplyStatus, Written, outcomes_list},
    clock::Moment,
    filter::OrderDirection,
    id::{RunId, SuggestionId},
    page::{Cursor, CursorPart, Page, PageRequest},
    run::{Run, RunEdit},
    status::RunStatus,
    suggestion::ReviewState,
};

/// The states of suggestions that an apply writes.
pub(super) const ACCEPTED: [ReviewState; 2] = [ReviewState::Accepted, ReviewState::Edited];

/// Matches suggestions that an apply writes.
pub(super) fn accepted() -> Condition {
    Condition::all().add(Column::ReviewState.is_in(ACCEPTED.map(ReviewState::as_str)))
}

/// Matches suggestions that an apply writes and whose final text is not the last one written.
pub(super) fn unapplied() -> Condition {
    let final_text = Expr::col(Column::ReviewText).if_null(Expr::col(Column::Description));
    let other = Condition::any()
        .add(Expr::col(Column::AppliedText).is_null())
        .add(Expr::col(Column::AppliedText).ne(final_text));
    accepted().add(other)
}

/// Matches writes of applies that were not rolled back.
pub(super) fn standing() -> Condition {
    Condition::all().add(applied_comment::Column::RolledBackAt.is_null()).add(applied_comment::Column::Undoes.is_null())
}

/// Matches items without a final outcome.
fn open() -> Condition {
    let planned = apply_item::Column::Status.eq(ApplyStatus::Planned.as_str());
    Condition::any().add(planned).add(apply_item::Column::Doubt.is_not_null())
}

/// Returns the items in doubt of one run, or of all runs that are not live if `run` is `None`.
pub(super) async fn in_doubt(connection: &impl ConnectionTrait, run: Option<RunId>) -> Result<Vec<(RunId, ApplyItem)>> {
    let mut doubts = apply_item::Entity::find().filter(apply_item::Column::Doubt.is_not_null());
    if let Some(run) = run {
        doubts = doubts.filter(apply_item::Column::RunId.eq(run.0));
    } else {
        let mut ended = Query::select();
        let not_live = RunStatus::ALL.iter().filter(|status| !status.is_live()).map(|status| status.as_str());
        ended.column(run::Column::Id).from(run::Entity).and_where(Expr::col(run::Column::Status).is_in(not_live));
        doubts = doubts.filter(apply_item::Column::RunId.in_subquery(ended));
    }
    let rows = doubts
        .order_by_asc(apply_item::Column::RunId)
        .order_by_asc(apply_item::Column::Position)
        .all(connection)
        .await
        .db()?;
    Ok(rows.into_iter().map(|row| (RunId(row.run_id), record::item(row))).collect())
}

/// Returns the next planned items, by position.
pub(super) async fn planned(
    connection: &impl ConnectionTrait,
    run: RunId,
    after_position: i32,
    limit: u64,
) -> Result<Vec<ApplyItem>, DbErr> {
    let rows = apply_item::Entity::find()
        .filter(apply_item::Column::RunId.eq(run.0))
        .filter(apply_item::Column::Status.eq(ApplyStatus::Planned.as_str()))
        .filter(apply_item::Column::Position.gt(after_position))
        .order_by_asc(apply_item::Column::Position)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(record::item).collect())
}

fn of(run: RunId, statuses: Option<&[ApplyStatus]>) -> SelectStatement {
    let mut query = Query::select();
    query.from(apply_item::Entity).and_where(Expr::col(apply_item::Column::RunId).eq(run.0));
    if let Some(statuses) = statuses {
        let spelled = statuses.iter().map(|status| status.as_str());
        query.and_where(Expr::col(apply_item::Column::Status).is_in(spelled));
    }
    query
}

/// Returns one page, by position.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    run: RunId,
    statuses: Option<&[ApplyStatus]>,
    page: &PageRequest,
) -> Result<Page<ApplyItem>> {
    let keyset = Keyset {
        columns: vec![(Expr::col(apply_item::Column::Position), KeyType::Int)],
        nullable: false,
        direction: OrderDirection::Asc,
    };
    let mut query = of(run, statuses);
    query.columns(apply_item::Column::iter());
    let name = outcomes_list(run);
    let cursor =
        |row: &apply_item::Model| Cursor { list: name.clone(), key: vec![CursorPart::Int(i64::from(row.position))] };
    Ok(keyset::page(connection, &keyset, page, &query, cursor).await?.map(record::item))
}

pub(super) async fn count(
    connection: &impl ConnectionTrait,
    run: RunId,
    statuses: Option<&[ApplyStatus]>,
) -> Result<i64> {
    number(connection, of(run, statuses).expr(Expr::cust("count(*)"))).await
}

/// Counts the items of a run's apply by outcome.
pub(super) async fn written(connection: &impl ConnectionTrait, run: RunId) -> Result<Written> {
    let query = of(run, None)
        .column(apply_item::Column::Status)
        .expr(Expr::cust("count(*)"))
        .group_by_col(apply_item::Column::Status)
        .take();
    let mut written = Written::default();
    for row in connection.query_all(&query).await.db()? {
        let (status, count): (Word<ApplyStatus>, i64) = (nth(&row, 0)?, nth(&row, 1)?);
        match status.0 {
            ApplyStatus::Applied => written.applied = count,
            ApplyStatus::Unchanged => written.unchanged = count,
            ApplyStatus::Conflict => written.conflict = count,
            ApplyStatus::Failed => written.failed = count,
            ApplyStatus::Planned => written.left = count,
        }
    }
    Ok(written)
}

/// Records the items of an edit: those of a new apply, and outcomes.
pub(super) async fn write(transaction: &Transaction, edit: &RunEdit) -> Result<()> {
    let run = &edit.run;
    if let Some(items) = &edit.new_items {
        if !in_doubt(transaction, Some(run.id)).await?.is_empty() {
            let message = format!("run #{} has writes whose outcome is not known yet; try again in a moment", run.id);
            return Err(Error::conflict(message));
        }
        let before = apply_item::Entity::delete_many().filter(apply_item::Column::RunId.eq(run.id.0));
        before.exec(transaction).await.db()?;
        write::insert(transaction, items.iter().map(|item| record::item_model(run.id, item).into_active_model()))
            .await?;
    }
    for item in &edit.items {
        write_item(transaction, run, item, edit.at).await?;
    }
    Ok(())
}

async fn write_item(transaction: &Transaction, run: &Run, item: &ApplyItem, at: Moment) -> Result<()> {
    let row = record::item_model(run.id, item);
    let recorded = apply_item::Entity::update_many()
        .col_expr(apply_item::Column::Status, Expr::value(row.status))
        .col_expr(apply_item::Column::Begun, Expr::value(row.begun))
        .col_expr(apply_item::Column::Statement, Expr::value(row.statement))
        .col_expr(apply_item::Column::BeforeText, Expr::value(row.before_text))
        .col_expr(apply_item::Column::Error, Expr::value(row.error))
        .col_expr(apply_item::Column::Identity, Expr::value(row.identity))
        .col_expr(apply_item::Column::Doubt, Expr::value(row.doubt))
        .filter(apply_item::Column::RunId.eq(run.id.0))
        .filter(apply_item::Column::Position.eq(item.position))
        .filter(open())
        .exec(transaction)
        .await
        .db()?;
    if recorded.rows_affected == 0 {
        let place = item.asset.display();
        return Err(Error::conflict(format!("the outcome of {place} in run #{} is already recorded", run.id)));
    }
    if item.begun {
        return Ok(());
    }
    match (item.status, item.undoes) {
        (ApplyStatus::Applied, None) => {
            close_displaced(transaction, run, item, at).await?;
            write_audit(transaction, run, item, at).await?;
            follow_audit(transaction, item.suggestion_id).await.db()?;
            follow_comment(transaction, run, item).await.db()?;
            replace_others(transaction, item.suggestion_id).await.db()
        }
        // The previous comment is back, restored by Gloss or by somebody else: the write counts as rolled back.
        (ApplyStatus::Applied | ApplyStatus::Unchanged, Some(undone)) => {
            if item.status == ApplyStatus::Applied {
                write_audit(transaction, run, item, at).await?;
            }
            applied_comment::Entity::update_many()
                .col_expr(applied_comment::Column::RolledBackAt, Expr::value(Millis(at)))
                .filter(applied_comment::Column::Id.eq(undone.0))
                .exec(transaction)
                .await
                .db()?;
            follow_comment(transaction, run, item).await.db()?;
            follow_audit(transaction, item.suggestion_id).await.db()
        }
        (ApplyStatus::Unchanged, None) => {
            suggestion::Entity::update_many()
                .col_expr(Column::AppliedText, Expr::value(item.text.clone()))
                .filter(Column::Id.eq(item.suggestion_id.0))
                .exec(transaction)
                .await
                .db()?;
            follow_comment(transaction, run, item).await.db()?;
            replace_others(transaction, item.suggestion_id).await.db()
        }
        _ => Ok(()),
    }
}

/// Counts the run's earlier writes on the asset as rolled back if this write replaces a comment that Gloss did not
/// write: a person had replaced what they wrote, so a roll-back must not undo them.
async fn close_displaced(transaction: &Transaction, run: &Run, item: &ApplyItem, at: Moment) -> Result<()> {
    let Some(profile) = run.spec.db_profile_id else { return Ok(()) };
    let key = applied_comment::Column::AssetKey.eq(record::asset_key(&item.asset)?);
    let newest: Option<(i64, Option<String>)> = applied_comment::Entity::find()
        .select_only()
        .columns([applied_comment::Column::Id, applied_comment::Column::AfterText])
        .filter(key.clone())
        .filter(applied_comment::Column::DbProfileId.eq(profile.0))
        .filter(standing())
        .order_by_desc(applied_comment::Column::Id)
        .into_tuple()
        .one(transaction)
        .await
        .db()?;
    if newest.is_none_or(|(_, after)| after == item.before) {
        return Ok(());
    }
    applied_comment::Entity::update_many()
        .col_expr(applied_comment::Column::RolledBackAt, Expr::value(Millis(at)))
        .filter(applied_comment::Column::RunId.eq(run.id.0))
        .filter(key)
        .filter(standing())
        .exec(transaction)
        .await
        .db()?;
    Ok(())
}

/// Updates the searched catalog with the written comment.
async fn follow_comment(transaction: &Transaction, run: &Run, item: &ApplyItem) -> Result<(), DbErr> {
    let Some(profile) = run.spec.db_profile_id else { return Ok(()) };
    catalog::comment_written(transaction, profile, &item.asset, item.text.as_ref()).await
}

async fn write_audit(transaction: &Transaction, run: &Run, item: &ApplyItem, at: Moment) -> Result<()> {
    let ordered = || run.apply.as_ref().map(|order| &order.actor);
    let actor = item.doubt.as_ref().or_else(ordered).ok_or_else(|| Error::conflict("no apply is in progress"))?;
    let edited = item.undoes.is_none() && was_edited(transaction, item).await.db()?;
    write::insert(transaction, [audit_row(run, item, actor, at, edited)?]).await
}

/// Returns the audit's row of a write. `edited` says that its text is a reviewer's own.
pub(super) fn audit_row(
    run: &Run,
    item: &ApplyItem,
    actor: &str,
    at: Moment,
    edited: bool,
) -> Result<applied_comment::ActiveModel> {
    let profile = run.spec.db_profile_name.clone().unwrap_or_default();
    let display = item.asset.spelling();
    let searched = [Some(display.as_str()), Some(&profile), item.before.as_deref(), item.text.as_deref(), Some(actor)];
    let searched: Vec<String> = searched.into_iter().flatten().map(str::to_lowercase).collect();
    Ok(applied_comment::ActiveModel {
        id: ActiveValue::NotSet,
        at: ActiveValue::Set(Millis(at)),
        rolled_back_at: ActiveValue::Set(None),
        run_id: ActiveValue::Set(run.id.0),
        suggestion_id: ActiveValue::Set(item.suggestion_id.0),
        db_profile_id: ActiveValue::Set(run.spec.db_profile_id.map(|id| id.0)),
        undoes: ActiveValue::Set(item.undoes.map(|id| id.0)),
        asset: ActiveValue::Set(JsonText(item.asset.clone())),
        db_profile_name: ActiveValue::Set(profile),
        before_text: ActiveValue::Set(item.before.clone()),
        after_text: ActiveValue::Set(item.text.clone()),
        actor: ActiveValue::Set(actor.to_owned()),
        identity: ActiveValue::Set(item.identity.clone().map(JsonText)),
        search_text: ActiveValue::Set(searched.join("\n")),
        asset_key: ActiveValue::Set(record::asset_key(&item.asset)?),
        edited: ActiveValue::Set(edited),
    })
}

/// Returns whether the text of an item is a reviewer's own.
async fn was_edited(transaction: &Transaction, item: &ApplyItem) -> Result<bool, DbErr> {
    let edited: Option<i64> = suggestion::Entity::find_by_id(item.suggestion_id.0)
        .select_only()
        .column(Column::Id)
        .filter(Column::ReviewState.eq(ReviewState::Edited.as_str()))
        .filter(Column::ReviewText.eq(item.text.clone()))
        .into_tuple()
        .one(transaction)
        .await?;
    Ok(edited.is_some())
}

/// Clears the applied text of the other versions in a suggestion's chain. Their writes stay in the audit.
pub(super) async fn replace_others(transaction: &Transaction, suggestion: SuggestionId) -> Result<(), DbErr> {
    suggestion::Entity::update_many()
        .col_expr(Column::AppliedId, Expr::value(None::<i64>))
        .col_expr(Column::AppliedText, Expr::value(None::<String>))
        .filter(chain::beside(transaction, suggestion).await?)
        .filter(Column::AppliedText.is_not_null())
        .exec(transaction)
        .await?;
    Ok(())
}

/// Sets a suggestion's fields about its writes to its newest standing write.
async fn follow_audit(transaction: &Transaction, suggestion: SuggestionId) -> Result<(), DbErr> {
    let newest = applied_comment::Entity::find()
        .filter(applied_comment::Column::SuggestionId.eq(suggestion.0))
        .filter(standing())
        .order_by_desc(applied_comment::Column::Id)
        .one(transaction)
        .await?;
    let (id, text) = newest.map(|row| (row.id, row.after_text)).unzip();
    suggestion::Entity::update_many()
        .col_expr(Column::AppliedId, Expr::value(id))
        .col_expr(Column::AppliedText, Expr::value(text.flatten()))
        .filter(Column::Id.eq(suggestion.0))
        .exec(transaction)
        .await?;
    Ok(())
}
