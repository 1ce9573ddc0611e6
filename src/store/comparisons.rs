//! Stored comparisons: their assets in display order, and their metrics.
//!
//! The rules: a comparison stores keys of suggestions, not their texts. So nothing of a deleted run remains but
//! reference texts, and those are deleted with the comparison. A comparison is visible only once it is finished.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::TimeDelta;
use entity::{
    JsonText, Millis, Word,
    compared_asset::{self, Column},
    compared_run, comparison, run_row, suggestion,
};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable, QueryFilter,
    QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict, Order, Query, SelectStatement, UnionType},
};

use super::{
    SqlStore, all, audit, dialect,
    keyset::{self, KeyType, Keyset},
    number, record,
    runs::MAX_KEYS,
    suggestions,
    trouble::DbResult as _,
    write,
};
use crate::{
    domain::{
        Error, Result,
        asset::{AssetKind, AssetPath},
        clock::Moment,
        compare::{ComparedAsset, ComparedAssetFilter, ComparedSet, ComparedText, TextFigures, match_key},
        filter::OrderDirection,
        id::{ComparisonId, DbProfileId, RunId, SuggestionId},
        page::{Cursor, CursorPart, Page, PageRequest},
    },
    port::store::{ComparisonStore, StoredComparison},
};

/// Maximum number of assets over all comparisons; the oldest comparisons are deleted first.
const STORED_ASSETS: i64 = 1_000_000;

/// A comparison that has not been finished for so long never will be, because its process died.
const ABANDONED: TimeDelta = TimeDelta::hours(1);

/// The columns that hold the keys of the suggestions.
const SUGGESTIONS: [Column; 4] = [Column::Suggestion1, Column::Suggestion2, Column::Suggestion3, Column::Suggestion4];

/// Deletes the comparisons that these runs are part of.
pub(super) async fn forget(connection: &impl ConnectionTrait, runs: &[RunId]) -> Result<(), DbErr> {
    let mut with_them = Query::select();
    with_them
        .column(compared_run::Column::ComparisonId)
        .from(compared_run::Entity)
        .and_where(Expr::col(compared_run::Column::RunId).is_in(runs.iter().map(|run| run.0)));
    comparison::Entity::delete_many().filter(comparison::Column::Id.in_subquery(with_them)).exec(connection).await?;
    Ok(())
}

/// The columns of a suggestion that the pass over all texts reads.
#[derive(Debug, FromQueryResult)]
struct TextRow {
    id: i64,
    run_id: i64,
    asset_kind: Word<AssetKind>,
    database_name: Option<String>,
    schema_name: Option<String>,
    table_name: Option<String>,
    column_name: Option<String>,
    display: String,
    data_type: Option<String>,
    description: String,
    confidence: f64,
    logprob: Option<f64>,
    existing_comment: Option<String>,
}

impl TextRow {
    const COLUMNS: [suggestion::Column; 13] = {
        use suggestion::Column as C;
        [
            C::Id,
            C::RunId,
            C::AssetKind,
            C::DatabaseName,
            C::SchemaName,
            C::TableName,
            C::ColumnName,
            C::Display,
            C::DataType,
            C::Description,
            C::Confidence,
            C::Logprob,
            C::ExistingComment,
        ]
    };

    fn text(self) -> ComparedText {
        ComparedText {
            run_id: RunId(self.run_id),
            suggestion_id: SuggestionId(self.id),
            asset: record::path_of!(self),
            data_type: self.data_type,
            description: self.description,
            confidence: self.confidence,
            logprob: self.logprob,
            existing_comment: self.existing_comment,
        }
    }
}

/// Selects the suggestions of some runs by name. Each run's come in index order, and the database merges them.
fn by_name(runs: &[RunId], after: Option<&str>) -> Option<SelectStatement> {
    let of_run = |run: &RunId| {
        let mut query = Query::select();
        query.columns(TextRow::COLUMNS).from(suggestion::Entity).and_where(suggestion::Column::RunId.eq(run.0));
        if let Some(after) = after {
            query.and_where(suggestion::Column::Display.gt(after));
        }
        query
    };
    let mut legs = runs.iter().map(of_run);
    let mut query = legs.next()?;
    for leg in legs {
        query.union(UnionType::All, leg);
    }
    query.order_by(suggestion::Column::Display, Order::Asc);
    Some(query)
}

fn passing(backend: DbBackend, comparison: ComparisonId, filter: &ComparedAssetFilter) -> SelectStatement {
    let mut query = Query::select();
    query.from(compared_asset::Entity).and_where(column(Column::ComparisonId).eq(comparison.0));
    if let Some(agreement) = &filter.agreement {
        query.and_where(column(Column::Agreement).is_in(agreement.iter().map(|it| it.as_str())));
    }
    if let Some(kinds) = &filter.kinds {
        query.and_where(column(Column::AssetKind).is_in(kinds.iter().map(|kind| kind.as_str())));
    }
    let needle = filter.search.as_deref().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    if let Some(needle) = needle {
        let any_text = Expr::col((suggestion::Entity, suggestion::Column::Id))
            .is_in(SUGGESTIONS.map(column))
            .and(suggestions::holds(backend, &needle));
        let mut holding = Query::select();
        holding.expr(Expr::val(1)).from(suggestion::Entity).and_where(any_text);
        query.cond_where(
            sea_orm::Condition::any()
                .add(dialect::contains(backend, column(Column::SearchText), &needle))
                .add(Expr::exists(holding)),
        );
    }
    query
}

fn column(column: Column) -> Expr {
    Expr::col((compared_asset::Entity, column))
}

fn model(comparison: ComparisonId, asset: ComparedAsset) -> compared_asset::Model {
    let (display, kind) = match_key(&asset.asset);
    let suggestion = |at: usize| asset.suggestions.get(at).copied().flatten().map(|id| id.0);
    let missing = asset.suggestions.iter().filter(|suggestion| suggestion.is_none()).count();
    compared_asset::Model {
        comparison_id: comparison.0,
        missing: i32::try_from(missing).unwrap_or(i32::MAX),
        search_text: display.to_lowercase(),
        display,
        asset_kind: Word(kind),
        suggestion_1: suggestion(0),
        suggestion_2: suggestion(1),
        suggestion_3: suggestion(2),
        suggestion_4: suggestion(3),
        database_name: asset.asset.database,
        schema_name: asset.asset.schema,
        table_name: asset.asset.table,
        column_name: asset.asset.column,
        agreement: Word(asset.agreement),
        similarity: asset.similarity,
        reference: asset.reference,
    }
}

fn compared_asset(row: compared_asset::Model) -> ComparedAsset {
    let suggestions = [row.suggestion_1, row.suggestion_2, row.suggestion_3, row.suggestion_4];
    ComparedAsset {
        asset: record::path_of!(row),
        suggestions: suggestions.map(|id| id.map(SuggestionId)).to_vec(),
        agreement: row.agreement.0,
        similarity: row.similarity,
        reference: row.reference,
    }
}

fn deleted_meanwhile() -> Error {
    Error::conflict("a run was deleted during the comparison; compare other runs")
}

/// Removes failed assets (no run describes them) that the comparison already holds as described by some run.
async fn without_known(
    connection: &impl ConnectionTrait,
    comparison: ComparisonId,
    assets: Vec<ComparedAsset>,
) -> Result<Vec<ComparedAsset>, DbErr> {
    let is_failed = |asset: &ComparedAsset| asset.suggestions.iter().all(Option::is_none);
    let names: Vec<String> = assets.iter().filter(|it| is_failed(it)).map(|it| match_key(&it.asset).0).collect();
    let mut known: HashSet<(String, Word<AssetKind>)> = HashSet::new();
    for names in names.chunks(MAX_KEYS) {
        let found: Vec<(String, Word<AssetKind>)> = compared_asset::Entity::find()
            .select_only()
            .columns([Column::Display, Column::AssetKind])
            .filter(Column::ComparisonId.eq(comparison.0))
            .filter(Column::Missing.is_in(0..=4))
            .filter(Column::Display.is_in(names))
            .into_tuple()
            .all(connection)
            .await?;
        known.extend(found);
    }
    let is_known = |asset: &ComparedAsset| {
        let (name, kind) = match_key(&asset.asset);
        known.contains(&(name, Word(kind)))
    };
    Ok(assets.into_iter().filter(|asset| !is_failed(asset) || !is_known(asset)).collect())
}

/// Deletes superseded and abandoned comparisons, and the oldest ones beyond the bound.
async fn make_room(
    connection: &impl ConnectionTrait,
    key: &str,
    at: Moment,
    replace_before: Moment,
) -> Result<(), DbErr> {
    let abandoned =
        comparison::Column::FinishedAt.is_null().and(comparison::Column::BegunAt.lt(Millis(at - ABANDONED)));
    comparison::Entity::delete_many().filter(abandoned).exec(connection).await?;
    let superseded = comparison::Column::Key.eq(key).and(comparison::Column::BegunAt.lt(Millis(replace_before)));
    comparison::Entity::delete_many().filter(superseded).exec(connection).await?;
    let sizes: Vec<(i64, i64)> = comparison::Entity::find()
        .select_only()
        .columns([comparison::Column::Id, comparison::Column::Assets])
        .order_by_desc(comparison::Column::Id)
        .into_tuple()
        .all(connection)
        .await?;
    let mut kept = 0;
    for (id, size) in sizes {
        kept += size;
        if kept > STORED_ASSETS {
            comparison::Entity::delete_by_id(id).exec(connection).await?;
        }
    }
    Ok(())
}

#[async_trait]
impl ComparisonStore for SqlStore {
    async fn stored_comparison(&self, set: &ComparedSet) -> Result<Option<StoredComparison>> {
        let newest = comparison::Entity::find()
            .filter(comparison::Column::Key.eq(set.key()))
            .filter(comparison::Column::Figures.is_not_null())
            .order_by_desc(comparison::Column::Id);
        let stored = |row: comparison::Model| {
            Some(StoredComparison {
                id: ComparisonId(row.id),
                figures: row.figures?.0,
                stamp: row.stamp,
                begun_at: row.begun_at.0,
                finished_at: row.finished_at.unwrap_or(row.begun_at).0,
            })
        };
        Ok(newest.one(self.read()).await.db()?.and_then(stored))
    }

    async fn begin_comparison(
        &self,
        set: &ComparedSet,
        stamp: &str,
        at: Moment,
        replace_before: Moment,
    ) -> Result<ComparisonId> {
        let (set, stamp) = (set.clone(), stamp.to_owned());
        self.transact(move |transaction| async move {
            make_room(&transaction, &set.key(), at, replace_before).await.db()?;
            let row = comparison::ActiveModel {
                id: ActiveValue::NotSet,
                key: ActiveValue::Set(set.key()),
                stamp: ActiveValue::Set(stamp),
                figures: ActiveValue::Set(None),
                assets: ActiveValue::Set(0),
                begun_at: ActiveValue::Set(Millis(at)),
                finished_at: ActiveValue::Set(None),
            };
            let id = comparison::Entity::insert(row).exec(&transaction).await.db()?.last_insert_id;
            let runs = set.read().into_iter().map(|run| compared_run::ActiveModel {
                run_id: ActiveValue::Set(run.0),
                comparison_id: ActiveValue::Set(id),
            });
            write::insert(&transaction, runs).await?;
            transaction.commit().await?;
            Ok(ComparisonId(id))
        })
        .await
    }

    async fn compared_texts(&self, runs: &[RunId], after: Option<&str>, limit: u64) -> Result<Vec<ComparedText>> {
        let Some(mut query) = by_name(runs, after) else { return Ok(Vec::new()) };
        query.limit(limit + 1);
        let mut rows: Vec<TextRow> = all(self.read(), &query).await?;
        if u64::try_from(rows.len()).is_ok_and(|read| read > limit) {
            // The last asset may continue beyond the limit. Leave it for the next call, or read it in full if it is the
            // only one.
            let last = rows.pop().map(|row| row.display).unwrap_or_default();
            if rows.first().is_some_and(|first| first.display == last) {
                let mut whole = by_name(runs, after).unwrap_or_default();
                whole.limit(limit * 8);
                rows = all(self.read(), &whole).await?;
                rows.retain(|row| row.display == last);
            } else {
                rows.retain(|row| row.display != last);
            }
        }
        Ok(rows.into_iter().map(TextRow::text).collect())
    }

    async fn failed_assets(&self, run: RunId, after_position: i32, limit: u64) -> Result<Vec<(i32, AssetPath)>> {
        let rows = run_row::Entity::find()
            .filter(run_row::Column::RunId.eq(run.0))
            .filter(run_row::Column::Status.eq(write::FAILED))
            .filter(run_row::Column::Position.gt(after_position))
            .order_by_asc(run_row::Column::Position)
            .limit(limit)
            .all(self.read())
            .await
            .db()?;
        let failed = |row| {
            let row = record::row(row);
            (row.position, row.asset)
        };
        Ok(rows.into_iter().map(failed).collect())
    }

    async fn texts_written(
        &self,
        profile: DbProfileId,
        assets: &[AssetPath],
    ) -> Result<HashMap<AssetPath, HashSet<String>>> {
        let keys = assets.iter().map(record::asset_key).collect::<Result<Vec<_>>>()?;
        let mut written = audit::texts_written(self.read(), Some(profile), &keys).await.db()?;
        let texts = |(asset, key): (&AssetPath, &String)| Some((asset.clone(), written.remove(key)?));
        Ok(assets.iter().zip(&keys).filter_map(texts).collect())
    }

    async fn store_compared(&self, comparison: ComparisonId, assets: Vec<ComparedAsset>) -> Result<()> {
        self.transact(move |transaction| async move {
            if comparison::Entity::find_by_id(comparison.0).one(&transaction).await.db()?.is_none() {
                return Err(deleted_meanwhile());
            }
            let assets = without_known(&transaction, comparison, assets).await.db()?;
            let mut assets =
                assets.into_iter().map(|asset| compared_asset::ActiveModel::from(model(comparison, asset)));
            while assets.len() > 0 {
                let rows = assets.by_ref().take(write::chunk_size::<compared_asset::ActiveModel>());
                compared_asset::Entity::insert_many(rows)
                    .on_conflict(OnConflict::new().do_nothing().to_owned())
                    .exec_without_returning(&transaction)
                    .await
                    .db()?;
            }
            transaction.commit().await
        })
        .await
    }

    async fn finish_comparison(&self, comparison: ComparisonId, figures: &[TextFigures], at: Moment) -> Result<()> {
        let figures = figures.to_vec();
        let assets = self.compared_count(comparison, &ComparedAssetFilter::default()).await?;
        self.write(move |writer| async move {
            let done = comparison::Entity::update_many()
                .col_expr(comparison::Column::Assets, Expr::value(assets))
                .col_expr(comparison::Column::Figures, Expr::value(JsonText(figures)))
                .col_expr(comparison::Column::FinishedAt, Expr::value(Millis(at)))
                .filter(comparison::Column::Id.eq(comparison.0))
                .exec(&writer)
                .await
                .db()?;
            if done.rows_affected == 0 {
                return Err(deleted_meanwhile());
            }
            Ok(())
        })
        .await
    }

    async fn compared_page(
        &self,
        comparison: ComparisonId,
        filter: &ComparedAssetFilter,
        list: &str,
        page: &PageRequest,
    ) -> Result<Page<ComparedAsset>> {
        let mut query = passing(self.read().get_database_backend(), comparison, filter);
        query.columns(Column::iter().map(|it| (compared_asset::Entity, it)));
        let order =
            [(Column::Missing, KeyType::Int), (Column::Display, KeyType::Text), (Column::AssetKind, KeyType::Text)];
        let keyset = Keyset {
            columns: order.map(|(it, key_type)| (column(it), key_type)).to_vec(),
            nullable: false,
            direction: OrderDirection::Asc,
        };
        let cursor = |row: &compared_asset::Model| Cursor {
            list: list.to_owned(),
            key: vec![
                CursorPart::Int(i64::from(row.missing)),
                CursorPart::Text(row.display.clone()),
                CursorPart::Text(row.asset_kind.0.as_str().to_owned()),
            ],
        };
        let page = keyset::page(self.read(), &keyset, page, &query, cursor).await?;
        // Without this check, a comparison deleted meanwhile would look like the end of the list.
        if page.rows.is_empty() && comparison::Entity::find_by_id(comparison.0).one(self.read()).await.db()?.is_none() {
            return Err(Error::conflict("the comparison has been recomputed; load the first page again"));
        }
        Ok(page.map(compared_asset))
    }

    async fn compared_count(&self, comparison: ComparisonId, filter: &ComparedAssetFilter) -> Result<i64> {
        let mut query = passing(self.read().get_database_backend(), comparison, filter);
        number(self.read(), query.expr(Expr::cust("count(*)"))).await
    }
}
