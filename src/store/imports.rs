//! Imports of runs that ended elsewhere.
//!
//! The rules: a part of an import is one transaction. A run is found by its key and a suggestion by its position, so
//! what is recorded already stays unchanged. What follows from the suggestions (the run's status, the chains, the
//! audit, the accepted texts of the catalog) is recorded with them.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use entity::{
    Millis, applied_comment, run, run_import, run_row,
    suggestion::{self, Column},
};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};

use super::{
    SqlStore, catalog, chain, dialect, items,
    runs::{self, MAX_KEYS},
    settle,
    transaction::Transaction,
    trouble::DbResult as _,
    write,
};
use crate::{
    domain::{
        Error, Result,
        apply::ApplyItem,
        id::{RunId, SuggestionId},
        import::{Imported, ImportedRow, ImportedRun, ImportedWrite, Origin, Place},
        run::{Run, RunEdit},
        suggestion::{Review, ReviewState},
    },
    port::store::ImportStore,
};

/// What an import still has to record of a suggestion once the suggestion has a key.
struct Rest {
    position: i32,
    review: Review,
    repeats: bool,
    writes: Vec<ApplyItem>,
    made: Vec<ImportedWrite>,
}

#[async_trait]
impl ImportStore for SqlStore {
    async fn import_runs(&self, runs: Vec<ImportedRun>, origin: Origin, dry_run: bool) -> Result<Vec<Imported>> {
        self.transact(move |transaction| async move {
            let mut imported = Vec::with_capacity(runs.len());
            for run in runs {
                imported.push(Box::pin(import(&transaction, run, &origin, dry_run)).await?);
            }
            transaction.commit().await?;
            Ok(imported)
        })
        .await
    }

    async fn is_imported(&self, run: RunId) -> Result<bool> {
        let found =
            run_import::Entity::find().filter(run_import::Column::RunId.eq(run.0)).one(self.read()).await.db()?;
        Ok(found.is_some())
    }
}

/// Records what is new of a run.
async fn import(
    transaction: &Transaction,
    mut imported: ImportedRun,
    origin: &Origin,
    dry_run: bool,
) -> Result<Imported> {
    let known = run_of(transaction, &imported.key).await?;
    let mut rows = std::mem::take(&mut imported.rows);
    if let Some(known) = known {
        forget_recorded(transaction, known, &mut rows).await?;
    }
    let added = rows.len();
    if dry_run || (known.is_some() && added == 0) {
        return Ok(Imported { run: known, is_new: known.is_none(), added });
    }
    let mut edit = match known {
        Some(known) => {
            let run = runs::find(transaction, known).await?;
            if run.status.is_live() {
                let status = run.status.as_str();
                let message = format!("run #{known} of this import is {status}; wait for its end, then import again");
                return Err(Error::conflict(message));
            }
            RunEdit::new(run, origin.at)
        }
        None => {
            let id = dialect::next_run_ids(transaction, 1).await?.into_iter().next();
            let id = id.ok_or_else(|| Error::internal("the store gave no run number"))?;
            let parent = match &imported.repeats {
                Some(key) => run_of(transaction, key).await?,
                None => None,
            };
            RunEdit::imported(RunId(id), &imported, parent, origin)
        }
    };
    // A suggestion that repeats another one of this part follows when that one has a key.
    let own = &imported.key;
    let (later, now): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.repeats.as_ref().is_some_and(|place| place.run == *own));
    let mut rest = record(transaction, &mut edit, now).await?;
    if known.is_none() {
        let row = run_import::ActiveModel {
            key: ActiveValue::Set(imported.key.clone()),
            run_id: ActiveValue::Set(edit.run.id.0),
        };
        write::insert(transaction, [row]).await?;
    }
    let mut run = edit.run;
    for row in later {
        let mut edit = RunEdit::new(run, origin.at);
        rest.extend(record(transaction, &mut edit, vec![row]).await?);
        run = edit.run;
    }
    follow(transaction, &run, rest, origin).await?;
    let unsettled = settle::unsettled(transaction, run.id).await.db()?;
    let mut edit = RunEdit::new(run, origin.at);
    edit.actor = Some(origin.actor.clone());
    edit.finish_import(added, unsettled)?;
    write::edit(transaction, &edit).await?;
    Ok(Imported { run: Some(edit.run.id), is_new: known.is_none(), added })
}

/// Returns the run that has a key.
async fn run_of(transaction: &Transaction, key: &str) -> Result<Option<RunId>> {
    let found = run_import::Entity::find_by_id(key.to_owned()).one(transaction).await.db()?;
    Ok(found.map(|row| RunId(row.run_id)))
}

/// Removes the rows whose positions a run has.
async fn forget_recorded(transaction: &Transaction, run: RunId, rows: &mut Vec<ImportedRow>) -> Result<()> {
    let positions: Vec<i32> = rows.iter().map(|row| row.position).collect();
    let mut recorded: HashSet<i32> = HashSet::new();
    for positions in positions.chunks(MAX_KEYS) {
        let found: Vec<i32> = run_row::Entity::find()
            .select_only()
            .column(run_row::Column::Position)
            .filter(run_row::Column::RunId.eq(run.0))
            .filter(run_row::Column::Position.is_in(positions.iter().copied()))
            .into_tuple()
            .all(transaction)
            .await
            .db()?;
        recorded.extend(found);
    }
    rows.retain(|row| !recorded.contains(&row.position));
    Ok(())
}

/// Records an edit of a run with these suggestions.
async fn record(transaction: &Transaction, edit: &mut RunEdit, rows: Vec<ImportedRow>) -> Result<Vec<Rest>> {
    let places: HashSet<&Place> = rows.iter().filter_map(|row| row.repeats.as_ref()).collect();
    let repeated = suggestions_at(transaction, places).await?;
    let mut rest = Vec::with_capacity(rows.len());
    for row in rows {
        let again = row.repeats.as_ref().and_then(|place| repeated.get(place).copied());
        let written = |(position, write): (i32, &ImportedWrite)| ApplyItem {
            before: write.before.clone(),
            identity: edit.run.identity.clone(),
            ..ApplyItem::planned(position, SuggestionId(0), row.asset.clone(), Some(write.after.clone()), None)
        };
        rest.push(Rest {
            position: row.position,
            review: row.review.clone(),
            repeats: again.is_some(),
            writes: (1..).zip(&row.writes).map(written).collect(),
            made: row.writes.clone(),
        });
        edit.import(row, again);
    }
    if !edit.is_empty() {
        write::edit(transaction, edit).await?;
    }
    Ok(rest)
}

/// Returns the suggestions at these places; unknown ones are missing.
async fn suggestions_at(transaction: &Transaction, places: HashSet<&Place>) -> Result<HashMap<Place, SuggestionId>> {
    let mut by_run: HashMap<&str, Vec<i32>> = HashMap::new();
    for place in places {
        by_run.entry(&place.run).or_default().push(place.position);
    }
    let mut found = HashMap::new();
    for (key, positions) in by_run {
        let Some(run) = run_of(transaction, key).await? else { continue };
        for (position, id) in ids_at(transaction, run, &positions).await? {
            found.insert(Place { run: key.to_owned(), position }, id);
        }
    }
    Ok(found)
}

/// Returns a run's suggestions at these positions.
async fn ids_at(transaction: &Transaction, run: RunId, positions: &[i32]) -> Result<HashMap<i32, SuggestionId>> {
    let mut found = HashMap::with_capacity(positions.len());
    for positions in positions.chunks(MAX_KEYS) {
        let rows: Vec<(i32, i64)> = suggestion::Entity::find()
            .select_only()
            .columns([Column::Position, Column::Id])
            .filter(Column::RunId.eq(run.0))
            .filter(Column::Position.is_in(positions.iter().copied()))
            .into_tuple()
            .all(transaction)
            .await
            .db()?;
        found.extend(rows.into_iter().map(|(position, id)| (position, SuggestionId(id))));
    }
    Ok(found)
}

/// Records what follows from new suggestions: their writes, their chains, and the accepted texts of the catalog.
async fn follow(transaction: &Transaction, run: &Run, rest: Vec<Rest>, origin: &Origin) -> Result<()> {
    let positions: Vec<i32> = rest.iter().map(|row| row.position).collect();
    let ids = ids_at(transaction, run.id, &positions).await?;
    let (mut audit, mut written, mut replacing, mut accepted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rest {
        let Some(id) = ids.get(&row.position).copied() else { continue };
        for (item, made) in row.writes.into_iter().zip(&row.made) {
            let item = ApplyItem { suggestion_id: id, ..item };
            let edited = row.review.state == ReviewState::Edited && row.review.text == item.text;
            audit.push(items::audit_row(run, &item, &made.actor, made.at, edited)?);
        }
        if !row.made.is_empty() {
            written.push(id);
            replacing.extend(row.repeats.then_some(id));
        }
        if items::ACCEPTED.contains(&row.review.state) {
            accepted.push((id, row.review.reviewer, row.repeats));
        }
    }
    write::insert(transaction, audit).await?;
    for ids in written.chunks(MAX_KEYS) {
        let newest = |column: applied_comment::Column| Expr::from(newest_write(column));
        suggestion::Entity::update_many()
            .col_expr(Column::AppliedId, newest(applied_comment::Column::Id))
            .col_expr(Column::AppliedText, newest(applied_comment::Column::AfterText))
            .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
            .exec(transaction)
            .await
            .db()?;
    }
    for id in replacing {
        items::replace_others(transaction, id).await.db()?;
    }
    let mut changed: Vec<i64> = accepted.iter().map(|(id, ..)| id.0).collect();
    for (id, reviewer, _) in accepted.into_iter().filter(|(.., repeats)| *repeats) {
        changed.extend(skip_others(transaction, run.id, id, reviewer, origin).await?);
    }
    catalog::follow_reviews(transaction, changed).await?;
    transaction.nudges.suggestions(ids.into_values().map(|id| (run.id, id)));
    Ok(())
}

/// Selects a column of the newest write of a suggestion. Imported writes were never rolled back.
fn newest_write(column: applied_comment::Column) -> SelectStatement {
    use applied_comment::Column as Of;
    Query::select()
        .column((applied_comment::Entity, column))
        .from(applied_comment::Entity)
        .and_where(Expr::col((applied_comment::Entity, Of::SuggestionId)).equals((suggestion::Entity, Column::Id)))
        .order_by((applied_comment::Entity, Of::At), Order::Desc)
        .order_by((applied_comment::Entity, Of::Id), Order::Desc)
        .limit(1)
        .take()
}

/// Skips the other versions of an accepted suggestion of `own`, and updates their runs. Returns those that changed.
async fn skip_others(
    transaction: &Transaction,
    own: RunId,
    accepted: SuggestionId,
    reviewer: Option<String>,
    origin: &Origin,
) -> Result<Vec<i64>> {
    let others = chain::beside(transaction, accepted).await.db()?;
    let others: Vec<(i64, i64)> = suggestion::Entity::find()
        .select_only()
        .columns([Column::Id, Column::RunId])
        .filter(others)
        .filter(Column::ReviewState.ne(ReviewState::Skipped.as_str()))
        .into_tuple()
        .all(transaction)
        .await
        .db()?;
    let (ids, mut of_runs): (Vec<i64>, HashSet<i64>) = others.into_iter().unzip();
    // The end of its own import settles it.
    of_runs.remove(&own.0);
    suggestion::Entity::update_many()
        .col_expr(Column::ReviewState, Expr::value(ReviewState::Skipped.as_str()))
        .col_expr(Column::Reviewer, Expr::value(reviewer))
        .col_expr(Column::ReviewedAt, Expr::value(Millis(origin.at)))
        .col_expr(Column::ReviewText, Expr::value(None::<String>))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(transaction)
        .await
        .db()?;
    let rows = run::Entity::find().filter(run::Column::Id.is_in(of_runs)).all(transaction).await.db()?;
    let others = rows.into_iter().map(super::record::run).collect();
    settle::settle(transaction, others, &origin.actor, origin.at).await?;
    Ok(ids)
}
