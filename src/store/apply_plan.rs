//! Selects the items of an apply or a roll-back: all of them when it begins, or one page of its plan.
//!
//! The rules: the keys are read in the order of writing, and only the requested items are read in full. A position is a
//! place in that order, so a plan and its apply number items the same way. Items that replace a comment come first.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
};

use entity::{
    Word, applied_comment,
    suggestion::{self, Column},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::{
    items::{ACCEPTED, accepted, standing, unapplied},
    record,
    runs::{self, MAX_KEYS},
    trouble::DbResult as _,
};
use crate::{
    domain::{
        Error, Result,
        apply::ApplyItem,
        id::{RunId, SuggestionId},
        page::{Cursor, CursorPart, Page, PageDirection, PageRequest},
        suggestion::ReviewState,
    },
    port::store::PlanPage,
};

/// Returns the state and asset of each suggestion. Refuses ids that do not belong to the run.
async fn of_run(
    connection: &impl ConnectionTrait,
    run: RunId,
    ids: &[SuggestionId],
) -> Result<Vec<(SuggestionId, ReviewState, String)>> {
    let mut known = Vec::with_capacity(ids.len());
    for ids in ids.chunks(MAX_KEYS) {
        let rows: Vec<(i64, Word<ReviewState>, String)> = suggestion::Entity::find()
            .select_only()
            .columns([Column::Id, Column::ReviewState, Column::Display])
            .filter(Column::RunId.eq(run.0))
            .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
            .into_tuple()
            .all(connection)
            .await
            .db()?;
        known.extend(rows.into_iter().map(|(id, state, display)| (SuggestionId(id), state.0, display)));
    }
    let found: HashSet<SuggestionId> = known.iter().map(|(id, ..)| *id).collect();
    match ids.iter().position(|id| !found.contains(id)) {
        Some(at) => Err(Error::not_found_at(
            format!("input.suggestionIds.{at}"),
            format!("this suggestion does not belong to run #{run}; pass suggestions of that run"),
        )),
        None => Ok(known),
    }
}

/// Returns the suggestions that an apply would write, in order, each with whether it replaces a comment. If `again` is
/// set, suggestions whose text was the last one written are included.
async fn apply_keys(
    connection: &impl ConnectionTrait,
    run: RunId,
    ids: Option<&[SuggestionId]>,
    again: bool,
) -> Result<Vec<(i64, bool)>> {
    runs::find(connection, run).await?;
    if let Some(ids) = ids {
        let known = of_run(connection, run, ids).await?;
        if let Some((id, state, display)) = known.iter().find(|(_, state, _)| !ACCEPTED.contains(state)) {
            let at = ids.iter().position(|wanted| wanted == id).unwrap_or_default();
            return Err(Error::bad_input(
                format!("input.suggestionIds.{at}"),
                format!("the suggestion for {display} is {}; accept it first, or omit it", state.as_str()),
            ));
        }
    }
    let wanted: Option<HashSet<i64>> = ids.map(|ids| ids.iter().map(|id| id.0).collect());
    let mut keys: Vec<(i64, i64)> = suggestion::Entity::find()
        .select_only()
        .column(Column::Id)
        .expr_as(replaces(), "replaces")
        .filter(Column::RunId.eq(run.0))
        .filter(if again || ids.is_some() { accepted() } else { unapplied() })
        .order_by_desc(replaces())
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(connection)
        .await
        .db()?;
    if let Some(wanted) = wanted {
        keys.retain(|(key, _)| wanted.contains(key));
    }
    Ok(keys.into_iter().map(|(key, replaces)| (key, replaces != 0)).collect())
}

/// 1 if a suggestion's text replaces another one: the comment that the run saw or, without such a comment, the text
/// that was written for it before. Otherwise 0.
fn replaces() -> Expr {
    let (seen, written) = (Expr::col(Column::ExistingComment), Expr::col(Column::AppliedText));
    let final_text = Expr::col(Column::ReviewText).if_null(Expr::col(Column::Description));
    let stands = seen.if_null(written);
    let other = stands.clone().is_not_null().and(stands.ne(final_text));
    Expr::case(other, 1_i64).finally(0_i64).into()
}

/// Reads the items at the places `some` of `keys`.
async fn apply_items(connection: &impl ConnectionTrait, keys: &[i64], some: Range<usize>) -> Result<Vec<ApplyItem>> {
    let mut items = Vec::with_capacity(some.len());
    let mut index = some.start;
    for keys in keys.get(some).unwrap_or_default().chunks(MAX_KEYS) {
        let rows =
            suggestion::Entity::find().filter(Column::Id.is_in(keys.iter().copied())).all(connection).await.db()?;
        let mut rows: HashMap<i64, suggestion::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        for key in keys {
            index += 1;
            // The suggestion was deleted meanwhile.
            let Some(row) = rows.remove(key) else { continue };
            let suggestion = record::suggestion(row);
            let text = Some(suggestion.final_text().to_owned());
            let (asset, expected) = (suggestion.asset, suggestion.existing_comment);
            items.push(ApplyItem::planned(position(index), suggestion.id, asset, text, expected));
        }
    }
    Ok(items)
}

fn position(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// Returns the items of an apply by position, and how many of them replace a comment.
pub(super) async fn to_apply(
    connection: &impl ConnectionTrait,
    run: RunId,
    ids: Option<&[SuggestionId]>,
    again: bool,
) -> Result<(Vec<ApplyItem>, usize)> {
    let keys = apply_keys(connection, run, ids, again).await?;
    let replacing = keys.iter().filter(|(_, replaces)| *replaces).count();
    let keys: Vec<i64> = keys.into_iter().map(|(key, _)| key).collect();
    Ok((apply_items(connection, &keys, 0..keys.len()).await?, replacing))
}

/// Returns the writes that a roll-back would undo, newest first.
async fn roll_back_keys(
    connection: &impl ConnectionTrait,
    run: RunId,
    ids: Option<&[SuggestionId]>,
) -> Result<Vec<i64>> {
    runs::find(connection, run).await?;
    if let Some(ids) = ids {
        of_run(connection, run, ids).await?;
    }
    let wanted: Option<HashSet<i64>> = ids.map(|ids| ids.iter().map(|id| id.0).collect());
    let keys: Vec<(i64, i64)> = applied_comment::Entity::find()
        .select_only()
        .columns([applied_comment::Column::Id, applied_comment::Column::SuggestionId])
        .filter(applied_comment::Column::RunId.eq(run.0))
        .filter(standing())
        .order_by_desc(applied_comment::Column::Id)
        .into_tuple()
        .all(connection)
        .await
        .db()?;
    let passes = |suggestion: i64| wanted.as_ref().is_none_or(|wanted| wanted.contains(&suggestion));
    Ok(keys.into_iter().filter(|(_, suggestion)| passes(*suggestion)).map(|(id, _)| id).collect())
}

fn undoing(row: applied_comment::Model, index: usize) -> ApplyItem {
    let written = record::applied_comment(row);
    let (id, before, after) = (written.suggestion_id, written.before, written.after);
    ApplyItem { undoes: Some(written.id), ..ApplyItem::planned(position(index), id, written.asset, before, after) }
}

/// Reads the items at the places `some` of `keys`, and the keys of their assets.
async fn roll_back_items(
    connection: &impl ConnectionTrait,
    keys: &[i64],
    some: Range<usize>,
) -> Result<(Vec<ApplyItem>, BTreeSet<String>)> {
    let mut items = Vec::with_capacity(some.len());
    let mut assets = BTreeSet::new();
    let mut index = some.start;
    for keys in keys.get(some).unwrap_or_default().chunks(MAX_KEYS) {
        let these = applied_comment::Column::Id.is_in(keys.iter().copied());
        let rows = applied_comment::Entity::find().filter(these).all(connection).await.db()?;
        let mut rows: HashMap<i64, applied_comment::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        for key in keys {
            index += 1;
            let Some(row) = rows.remove(key) else { continue };
            assets.insert(row.asset_key.clone());
            items.push(undoing(row, index));
        }
    }
    Ok((items, assets))
}

/// Returns the items of a roll-back, newest write first.
pub(super) async fn to_roll_back(
    connection: &impl ConnectionTrait,
    run: RunId,
    ids: Option<&[SuggestionId]>,
) -> Result<Vec<ApplyItem>> {
    let keys = roll_back_keys(connection, run, ids).await?;
    Ok(roll_back_items(connection, &keys, 0..keys.len()).await?.0)
}

/// Returns those of the items that are on the given assets.
async fn on_assets(
    connection: &impl ConnectionTrait,
    run: RunId,
    keys: &[i64],
    assets: BTreeSet<String>,
) -> Result<Vec<ApplyItem>> {
    let places: HashMap<i64, usize> = keys.iter().copied().zip(1..).collect();
    let assets: Vec<String> = assets.into_iter().collect();
    let mut items = Vec::new();
    for assets in assets.chunks(MAX_KEYS) {
        let rows = applied_comment::Entity::find()
            .filter(applied_comment::Column::RunId.eq(run.0))
            .filter(applied_comment::Column::AssetKey.is_in(assets))
            .filter(standing())
            .order_by_desc(applied_comment::Column::Id)
            .all(connection)
            .await
            .db()?;
        for row in rows {
            if let Some(index) = places.get(&row.id) {
                items.push(undoing(row, *index));
            }
        }
    }
    Ok(items)
}

/// Returns one page of a plan.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    run: RunId,
    rollback: bool,
    ids: Option<&[SuggestionId]>,
    list: &str,
    request: &PageRequest,
) -> Result<PlanPage> {
    let keys = if rollback {
        roll_back_keys(connection, run, ids).await?
    } else {
        apply_keys(connection, run, ids, false).await?.into_iter().map(|(key, _)| key).collect()
    };
    let total = keys.len();
    let some = window(total, request);
    let (has_previous, has_next) = (some.start > 0, some.end < total);
    let (items, earlier) = if rollback {
        let (items, assets) = roll_back_items(connection, &keys, some).await?;
        (items, on_assets(connection, run, &keys, assets).await?)
    } else {
        (apply_items(connection, &keys, some).await?, Vec::new())
    };
    let cursor =
        |item: &ApplyItem| Cursor { list: list.to_owned(), key: vec![CursorPart::Int(i64::from(item.position))] };
    let rows = items.into_iter().map(|item| (cursor(&item), item)).collect();
    Ok(PlanPage { page: Page { rows, has_next, has_previous }, total, on_assets: earlier })
}

/// Returns the places that a page holds, out of `total`. The cursor of a place is its position.
fn window(total: usize, request: &PageRequest) -> Range<usize> {
    let (after, before) = match request.direction {
        PageDirection::Forward => (&request.from, &request.until),
        PageDirection::Backward => (&request.until, &request.from),
    };
    let place = |cursor: &Option<Cursor>| match cursor.as_ref().map(|cursor| cursor.key.as_slice()) {
        Some([CursorPart::Int(position)]) => usize::try_from(*position).ok(),
        _ => None,
    };
    let start = place(after).unwrap_or(0).min(total);
    let stop = place(before).map_or(total, |position| position.saturating_sub(1).min(total)).max(start);
    match request.direction {
        PageDirection::Forward => start..stop.min(start + request.size),
        PageDirection::Backward => start.max(stop.saturating_sub(request.size))..stop,
    }
}
