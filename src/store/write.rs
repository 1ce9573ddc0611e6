//! Records an edit of a run: the run, its new rows, the outcomes of rows, and its events.
//!
//! The rule: everything is written inside the caller's transaction, in statements that each take a chunk of rows.

use std::collections::HashMap;

use entity::{JsonText, Millis, Word, alternative, evidence, run, run_event, run_label, run_row, suggestion};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable,
    ModelTrait, QueryFilter, QueryTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    ask, chain, items, judging, nth, record, schedules, transaction::Transaction, trouble::DbResult as _, usage,
};
use crate::domain::{
    Error, Result,
    event::RunEventType,
    id::{RunId, SuggestionId},
    run::{Row, RowOutcome, RunEdit, RunError},
    substance::{Described, substance},
    suggestion::{Draft, Review, ReviewState},
};

/// Maximum number of values in one statement, below SQLite's limit of 32,766 and PostgreSQL's of 65,535.
const MAX_VALUES: usize = 30_000;
/// Maximum number of rows in one insert; larger ones are no faster.
const MAX_ROWS: usize = 1_000;

/// Records an edit and adds its nudges to the transaction.
pub(super) async fn edit(transaction: &Transaction, edit: &RunEdit) -> Result<()> {
    let before = edit.before().map(record::run_model);
    let before = before.as_ref();
    let after = record::run_model(&edit.run);
    match before {
        Some(before) => update_run(transaction, before, &after).await.db()?,
        None => insert(transaction, [after.clone().into_active_model()]).await?,
    }
    if before.map_or(!after.labels.0.is_empty(), |before| before.labels != after.labels) {
        write_labels(transaction, edit.run.id, &edit.run.naming.labels).await?;
    }
    // An imported run has used its model before it is recorded.
    let used_at = edit.run.started_at.filter(|_| before.is_none()).unwrap_or(edit.at);
    usage::follow(transaction, before, &after, used_at).await?;
    for rows in edit.new_rows.chunks(MAX_ROWS) {
        let rows: Vec<_> = rows.iter().map(|row| row_model(edit.run.id, row)).collect();
        insert(transaction, rows).await?;
    }
    if edit.retries_failed {
        retry_failed(transaction, edit.run.id).await.db()?;
    }
    items::write(transaction, edit).await?;
    ask::write(transaction, edit.run.id, &edit.turn).await?;
    let suggestions = write_outcomes(transaction, edit).await?;
    schedules::mark_seen(transaction, &edit.run, &edit.outcomes).await?;
    if let Some(before) = edit.before() {
        schedules::follow(transaction, before, &edit.run).await.db()?;
    }
    let mut events = Vec::with_capacity(edit.events.len());
    for event in &edit.events {
        let mut model = record::event_model(event);
        if event.event_type == RunEventType::AssetFinished {
            let suggestion = event.position.and_then(|position| suggestions.get(&position));
            model.suggestion_id = suggestion.map(|id| id.0).or(model.suggestion_id);
        }
        events.push(model.into_active_model());
    }
    insert::<run_event::ActiveModel>(transaction, events).await?;
    transaction.nudges.edit(edit);
    Ok(())
}

/// Inserts rows of one table in chunks.
pub(super) async fn insert<A>(transaction: &Transaction, rows: impl IntoIterator<Item = A>) -> Result<()>
where
    A: ActiveModelTrait + Send,
{
    let rows: Vec<A> = rows.into_iter().collect();
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<A> = rows.by_ref().take(chunk_size::<A>()).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        <A::Entity as EntityTrait>::insert_many(chunk).exec_without_returning(transaction).await.db()?;
    }
}

/// Returns the number of rows of a table that fit into one statement.
pub(super) fn chunk_size<A: ActiveModelTrait>() -> usize {
    let columns = <A::Entity as EntityTrait>::Column::iter().count();
    (MAX_VALUES / columns).min(MAX_ROWS)
}

/// Updates the changed columns only, so that indexes of other columns are not touched.
async fn update_run(transaction: &Transaction, before: &run::Model, after: &run::Model) -> Result<(), DbErr> {
    let mut update = Query::update();
    update.table(run::Entity).and_where(Expr::col(run::Column::Id).eq(after.id));
    let mut changed = false;
    for column in run::Column::iter() {
        let value = after.get(column);
        if value != before.get(column) {
            update.value(column, value);
            changed = true;
        }
    }
    if changed {
        transaction.execute(&update).await?;
    }
    Ok(())
}

/// Records the labels of a run, one row each for filters.
async fn write_labels(transaction: &Transaction, run: RunId, labels: &[String]) -> Result<()> {
    run_label::Entity::delete_many().filter(run_label::Column::RunId.eq(run.0)).exec(transaction).await.db()?;
    let rows = labels.iter().map(|label| run_label::Model { run_id: run.0, label: label.clone() }.into_active_model());
    insert(transaction, rows).await
}

fn row_model(run: RunId, row: &Row) -> run_row::ActiveModel {
    run_row::Model {
        run_id: run.0,
        position: row.position,
        asset_kind: Word(row.asset.kind),
        database_name: row.asset.database.clone(),
        schema_name: row.asset.schema.clone(),
        table_name: row.asset.table.clone(),
        column_name: row.asset.column.clone(),
        status: PENDING.to_owned(),
        error: None,
        again: row.again.map(|id| id.0),
        fingerprint: row.fingerprint.clone(),
    }
    .into_active_model()
}

/// Makes failed rows pending again.
async fn retry_failed(transaction: &Transaction, run: RunId) -> Result<(), DbErr> {
    run_row::Entity::update_many()
        .col_expr(run_row::Column::Status, Expr::value(PENDING))
        .col_expr(run_row::Column::Error, Expr::value(None::<String>))
        .filter(run_row::Column::RunId.eq(run.0))
        .filter(run_row::Column::Status.eq(FAILED))
        .exec(transaction)
        .await?;
    Ok(())
}

/// The status of a row without an outcome.
pub(super) const PENDING: &str = "PENDING";
const DONE: &str = "DONE";
/// The status of a row that failed.
pub(super) const FAILED: &str = "FAILED";
const SKIPPED: &str = "SKIPPED";

/// Records outcomes of rows. Returns the new suggestions by position.
async fn write_outcomes(transaction: &Transaction, edit: &RunEdit) -> Result<HashMap<i32, SuggestionId>> {
    let run = edit.run.id;
    let (mut done, mut skipped, mut suggestions) = (Vec::new(), Vec::new(), Vec::new());
    for (row, outcome) in &edit.outcomes {
        match outcome {
            RowOutcome::Done { draft, existing_comment, data_type } => {
                done.push(row.position);
                suggestions.push((
                    row,
                    draft,
                    Seen { comment: existing_comment.as_deref(), data_type: data_type.as_deref() },
                ));
            }
            RowOutcome::Skipped => skipped.push(row.position),
            RowOutcome::Judged(opinions) => {
                done.push(row.position);
                judging::write(transaction, run, row.position, opinions).await?;
            }
            RowOutcome::Failed(error) => {
                end_rows(transaction, run, &[row.position], FAILED, Some(error)).await.db()?;
            }
        }
    }
    end_rows(transaction, run, &done, DONE, None).await.db()?;
    end_rows(transaction, run, &skipped, SKIPPED, None).await.db()?;
    write_suggestions(transaction, run, &suggestions, &edit.reviews).await
}

async fn end_rows(
    transaction: &Transaction,
    run: RunId,
    positions: &[i32],
    status: &str,
    error: Option<&RunError>,
) -> Result<(), DbErr> {
    let error = error.cloned().map(JsonText);
    for positions in positions.chunks(MAX_ROWS) {
        run_row::Entity::update_many()
            .col_expr(run_row::Column::Status, Expr::value(status))
            .col_expr(run_row::Column::Error, Expr::value(error.clone()))
            .filter(run_row::Column::RunId.eq(run.0))
            .filter(run_row::Column::Position.is_in(positions.iter().copied()))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// The asset's state in the described database when the run read it.
#[derive(Clone, Copy)]
struct Seen<'a> {
    comment: Option<&'a str>,
    data_type: Option<&'a str>,
}

async fn write_suggestions(
    transaction: &Transaction,
    run: RunId,
    drafts: &[(&Row, &Draft, Seen<'_>)],
    reviews: &HashMap<i32, Review>,
) -> Result<HashMap<i32, SuggestionId>> {
    let again: Vec<SuggestionId> = drafts.iter().filter_map(|(row, ..)| row.again).collect();
    let mut chains = chain::ends(transaction, &again).await.db()?;
    let mut ids = HashMap::with_capacity(drafts.len());
    for drafts in drafts.chunks(chunk_size::<suggestion::ActiveModel>()) {
        let mut chunk = Vec::with_capacity(drafts.len());
        for (row, draft, seen) in drafts {
            let link = row.again.map(|again| chains.next(again)).unwrap_or_default();
            let mut model = suggestion_model(run, row, draft, *seen, link)?;
            if let Some(review) = reviews.get(&row.position) {
                model.review_state = ActiveValue::Set(Word(review.state));
                model.reviewer = ActiveValue::Set(review.reviewer.clone());
                model.reviewed_at = ActiveValue::Set(review.at.map(Millis));
                model.review_text = ActiveValue::Set(review.text.clone());
            }
            chunk.push(model);
        }
        let mut insert = suggestion::Entity::insert_many(chunk).into_query();
        insert.returning(Query::returning().columns([suggestion::Column::Id, suggestion::Column::Position]));
        for row in transaction.query_all(&insert).await.db()? {
            ids.insert(nth(&row, 1)?, SuggestionId(nth(&row, 0)?));
        }
    }
    let (mut alternatives, mut grounds) = (Vec::new(), Vec::new());
    for (row, draft, _) in drafts {
        let id: SuggestionId =
            ids.get(&row.position).copied().ok_or_else(|| Error::internal("an inserted suggestion has no id"))?;
        for (position, alternative) in (1..).zip(&draft.alternatives) {
            alternatives.push(alternative::ActiveModel {
                suggestion_id: ActiveValue::Set(id.0),
                position: ActiveValue::Set(position),
                text: ActiveValue::Set(alternative.text.clone()),
                confidence: ActiveValue::Set(alternative.confidence),
            });
        }
        for (position, ground) in (1..).zip(&draft.evidence) {
            grounds.push(evidence::ActiveModel {
                suggestion_id: ActiveValue::Set(id.0),
                position: ActiveValue::Set(position),
                source: ActiveValue::Set(ground.source.clone()),
                detail: ActiveValue::Set(ground.detail.clone()),
            });
        }
    }
    insert(transaction, alternatives).await?;
    insert(transaction, grounds).await?;
    Ok(ids)
}

fn suggestion_model(
    run: RunId,
    row: &Row,
    draft: &Draft,
    seen: Seen<'_>,
    link: chain::Link,
) -> Result<suggestion::ActiveModel> {
    let first = draft.alternatives.first().ok_or_else(|| Error::internal("a draft has no text"))?;
    let rated = Described { asset: &row.asset, data_type: seen.data_type, comment: seen.comment };
    let search_text = format!("{}\n{}", row.asset.spelling(), first.text).to_lowercase();
    Ok(suggestion::ActiveModel {
        id: ActiveValue::NotSet,
        run_id: ActiveValue::Set(run.0),
        position: ActiveValue::Set(row.position),
        asset_kind: ActiveValue::Set(Word(row.asset.kind)),
        database_name: ActiveValue::Set(row.asset.database.clone()),
        schema_name: ActiveValue::Set(row.asset.schema.clone()),
        table_name: ActiveValue::Set(row.asset.table.clone()),
        column_name: ActiveValue::Set(row.asset.column.clone()),
        display: ActiveValue::Set(row.asset.key()),
        description: ActiveValue::Set(first.text.clone()),
        search_text: ActiveValue::Set(search_text),
        confidence: ActiveValue::Set(first.confidence),
        logprob: ActiveValue::Set(draft.logprob),
        reasoning: ActiveValue::Set(draft.reasoning.clone()),
        existing_comment: ActiveValue::Set(seen.comment.map(str::to_owned)),
        review_state: ActiveValue::Set(Word(ReviewState::Unreviewed)),
        reviewer: ActiveValue::Set(None),
        reviewed_at: ActiveValue::Set(None),
        review_text: ActiveValue::Set(None),
        version: ActiveValue::Set(link.version),
        chain_id: ActiveValue::Set(link.chain_id.map(|id| id.0)),
        applied_id: ActiveValue::Set(None),
        applied_text: ActiveValue::Set(None),
        data_type: ActiveValue::Set(seen.data_type.map(str::to_owned)),
        substance: ActiveValue::Set(Some(Word(substance(&first.text, rated)))),
    })
}
