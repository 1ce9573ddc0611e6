//! Reads suggestions.

use std::collections::HashMap;

use async_trait::async_trait;
use entity::{
    Word, alternative, evidence,
    suggestion::{self, Column},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, Iterable, QueryFilter, QueryOrder, QueryResult,
    Statement,
    sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement},
};

use super::{
    SqlStore, chain, dialect, grouped,
    keyset::{self, KeyType, Keyset},
    nth, record,
    trouble::DbResult as _,
};
use crate::{
    domain::{
        Result,
        asset::AssetKind,
        filter::OrderDirection,
        id::{RunId, SuggestionId},
        page::{Cursor, CursorPart, Page, PageRequest},
        substance::Substance,
        suggestion::{
            Alternative, ConfidenceBand, ConfidenceDistribution, Evidence, ReviewCounts, ReviewState, Suggestion,
            SuggestionFilter, SuggestionOrderField, SuggestionTally, TableCount,
        },
    },
    port::store::SuggestionStore,
};

/// Selects the suggestions of a run that pass the filter. If `walk` is set, the order's index is walked and the other
/// indexes are hidden from the planner, except for that of tables.
pub(super) fn passing(backend: DbBackend, run: RunId, filter: &SuggestionFilter, walk: bool) -> SelectStatement {
    let column = |column: Column| {
        let column = Expr::col(column);
        if walk { dialect::plain(backend, column) } else { column }
    };
    let mut query = Query::select();
    query.from(suggestion::Entity).and_where(Expr::col(Column::RunId).eq(run.0));
    if let Some(states) = &filter.states {
        query.and_where(column(Column::ReviewState).is_in(states.iter().map(|state| state.as_str())));
    }
    if let Some(kinds) = &filter.kinds {
        query.and_where(column(Column::AssetKind).is_in(kinds.iter().map(|kind| kind.as_str())));
    }
    if let Some(bands) = &filter.bands {
        // An empty list of bands matches nothing.
        let none = Condition::any().add(Expr::val(1).eq(0));
        query.cond_where(bands.iter().fold(none, |any, band| any.add(in_band(&column(Column::Confidence), *band))));
    }
    if let Some(substances) = &filter.substances {
        query.and_where(column(Column::Substance).is_in(substances.iter().map(|substance| substance.as_str())));
    }
    if let Some(has_comment) = filter.has_comment {
        let comment = Expr::col(Column::ExistingComment);
        query.and_where(if has_comment { comment.is_not_null() } else { comment.is_null() });
    }
    if let Some(has_newer) = filter.has_newer_version {
        let newer = Expr::exists(chain::newer_version());
        query.and_where(if has_newer { newer } else { newer.not() });
    }
    if let Some(schema) = &filter.schema {
        query.and_where(Expr::col(Column::SchemaName).eq(schema.as_str()));
    }
    if let Some(table) = &filter.table {
        query.and_where(Expr::col(Column::TableName).eq(table.as_str()));
    }
    if let Some(needle) = needle(filter.search.as_deref()) {
        query.and_where(holds(backend, &needle));
    }
    if let Some(needle) = needle(filter.name.as_deref()) {
        query.and_where(dialect::first_line_contains(backend, Expr::col(Column::SearchText), &needle));
    }
    query
}

/// Builds a count of suggestions, to be read along the index that serves the filter best: of one table, of all rows in
/// the order in which they were written, or of the columns that facets count.
fn counting(backend: DbBackend, query: &SelectStatement, filter: &SuggestionFilter) -> Statement {
    let reads_rows = filter.has_comment.is_some()
        || filter.has_newer_version.is_some()
        || needle(filter.search.as_deref()).is_some()
        || needle(filter.name.as_deref()).is_some();
    let index = match &filter.table {
        Some(_) => "suggestion_by_table",
        None if reads_rows => "suggestion_by_position",
        None => "suggestion_facets",
    };
    dialect::along(backend.build(query), "suggestion", index)
}

/// Returns the search text in lower case, or `None` if it is blank.
fn needle(text: Option<&str>) -> Option<String> {
    text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

const BANDS: [ConfidenceBand; 3] = [ConfidenceBand::High, ConfidenceBand::Medium, ConfidenceBand::Low];

/// The number of rows that match.
fn counted_where(condition: Condition) -> Expr {
    Expr::expr(Func::count(Expr::case(condition, 1)))
}

/// Matches suggestions whose asset, wording or reviewed text contains `needle`, which must be in lower case.
pub(super) fn holds(backend: DbBackend, needle: &str) -> Expr {
    let column = |column| Expr::col((suggestion::Entity, column));
    let reviewed = Expr::expr(Func::lower(column(Column::ReviewText)));
    dialect::contains(backend, column(Column::SearchText), needle).or(dialect::contains(backend, reviewed, needle))
}

fn in_band(confidence: &Expr, band: ConfidenceBand) -> Condition {
    let (from, below) = match band {
        ConfidenceBand::High => (Some(ConfidenceBand::HIGH_FROM), None),
        ConfidenceBand::Medium => (Some(ConfidenceBand::MEDIUM_FROM), Some(ConfidenceBand::HIGH_FROM)),
        ConfidenceBand::Low => (None, Some(ConfidenceBand::MEDIUM_FROM)),
    };
    Condition::all()
        .add_option(from.map(|from| confidence.clone().gte(from)))
        .add_option(below.map(|below| confidence.clone().lt(below)))
}

/// The order of a list. Ties are broken by position, then by key: versions of one row share their position.
fn ordered_by(field: SuggestionOrderField, direction: OrderDirection) -> Keyset {
    let first = match field {
        SuggestionOrderField::Position => None,
        SuggestionOrderField::Confidence => Some((Expr::col(Column::Confidence), KeyType::Float)),
        SuggestionOrderField::Name => Some((Expr::col(Column::Display), KeyType::Text)),
        SuggestionOrderField::ReviewState => Some((Expr::col(Column::ReviewState), KeyType::Text)),
    };
    let ties = [(Expr::col(Column::Position), KeyType::Int), (Expr::col(Column::Id), KeyType::Int)];
    Keyset { columns: first.into_iter().chain(ties).collect(), nullable: false, direction }
}

fn cursor_key(row: &suggestion::Model, field: SuggestionOrderField) -> Vec<CursorPart> {
    let first = match field {
        SuggestionOrderField::Position => None,
        SuggestionOrderField::Confidence => Some(CursorPart::Float(row.confidence)),
        SuggestionOrderField::Name => Some(CursorPart::Text(row.display.clone())),
        SuggestionOrderField::ReviewState => Some(CursorPart::Text(row.review_state.0.as_str().to_owned())),
    };
    first.into_iter().chain([CursorPart::Int(i64::from(row.position)), CursorPart::Int(row.id)]).collect()
}

/// Converts a count to the API's integer type; saturates.
fn whole(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[async_trait]
impl SuggestionStore for SqlStore {
    async fn suggestions_page(
        &self,
        run: RunId,
        filter: &SuggestionFilter,
        order: (SuggestionOrderField, OrderDirection),
        page: &PageRequest,
    ) -> Result<Page<Suggestion>> {
        let (field, direction) = order;
        let mut query = passing(self.read().get_database_backend(), run, filter, true);
        query.columns(Column::iter());
        let name = field.list_name(run, direction);
        let cursor = |row: &suggestion::Model| Cursor { list: name.clone(), key: cursor_key(row, field) };
        let mut order = ordered_by(field, direction);
        if filter.table.is_some() {
            // The few suggestions of a table are found by its index and then sorted.
            let backend = self.read().get_database_backend();
            order.columns = order.columns.into_iter().map(|(it, of)| (dialect::plain(backend, it), of)).collect();
        }
        Ok(keyset::page(self.read(), &order, page, &query, cursor).await?.map(record::suggestion))
    }

    async fn suggestions_count(&self, run: RunId, filter: &SuggestionFilter) -> Result<i64> {
        let backend = self.read().get_database_backend();
        let mut query = passing(backend, run, filter, false);
        let statement = counting(backend, query.expr(Expr::cust("count(*)")), filter);
        let row = self.read().query_one_raw(statement).await.db()?;
        Ok(row.map(|row| nth(&row, 0)).transpose()?.unwrap_or_default())
    }

    async fn suggestion_tallies(&self, run: RunId, filter: &SuggestionFilter) -> Result<Vec<SuggestionTally>> {
        let backend = self.read().get_database_backend();
        let filter = filter.without_tallied();
        let mut query = passing(backend, run, &filter, false);
        let groups = [Column::AssetKind, Column::Substance, Column::ReviewState];
        query.columns(groups).group_by_columns(groups);
        // Counts for each band, and not groups by band: these are read along an index, without sorting.
        for band in BANDS {
            let is_in = || in_band(&Expr::col(Column::Confidence), band);
            let applied = is_in().add(Expr::col(Column::AppliedId).is_not_null());
            query.expr(counted_where(is_in())).expr(counted_where(applied));
        }
        let mut tallies = Vec::new();
        for row in self.read().query_all_raw(counting(backend, &query, &filter)).await.db()? {
            let (kind, substance, state): (Word<AssetKind>, Option<Word<Substance>>, Word<ReviewState>) =
                (nth(&row, 0)?, nth(&row, 1)?, nth(&row, 2)?);
            // Opening the store rates every row, so none is unrated here.
            let Some(substance) = substance else { continue };
            for (at, band) in BANDS.into_iter().enumerate() {
                let (count, applied): (i64, i64) = (nth(&row, 3 + 2 * at)?, nth(&row, 4 + 2 * at)?);
                let (count, applied) = (whole(count), whole(applied));
                if count > 0 {
                    let (state, kind, substance) = (state.0, kind.0, substance.0);
                    tallies.push(SuggestionTally { state, band, kind, substance, count, applied });
                }
            }
        }
        Ok(tallies)
    }

    async fn suggestion_tables(&self, run: RunId, filter: &SuggestionFilter, limit: u64) -> Result<Vec<TableCount>> {
        let backend = self.read().get_database_backend();
        let filter = SuggestionFilter { table: None, ..filter.clone() };
        let mut query = passing(backend, run, &filter, false);
        query
            .columns([Column::SchemaName, Column::TableName])
            .expr_as(Expr::cust("count(*)"), "counted")
            .and_where(Expr::col(Column::TableName).is_not_null())
            .group_by_columns([Column::TableName, Column::SchemaName])
            .order_by_expr(Expr::col("counted"), Order::Desc)
            .order_by(Column::SchemaName, Order::Asc)
            .order_by(Column::TableName, Order::Asc)
            .limit(limit);
        let table = |row: QueryResult| {
            let count: i64 = nth(&row, 2)?;
            Ok(TableCount { schema: nth(&row, 0)?, table: nth(&row, 1)?, count: whole(count) })
        };
        // Without a filter, the index of tables has the groups in order.
        let is_all = filter == SuggestionFilter::default();
        let statement = if is_all { backend.build(&query) } else { counting(backend, &query, &filter) };
        self.read().query_all_raw(statement).await.db()?.into_iter().map(table).collect()
    }

    async fn suggestions_by_id(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Suggestion>> {
        let these = Column::Id.is_in(ids.iter().map(|id| id.0));
        let rows = suggestion::Entity::find().filter(these).all(self.read()).await.db()?;
        Ok(rows.into_iter().map(|row| (SuggestionId(row.id), record::suggestion(row))).collect())
    }

    async fn alternatives(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Alternative>>> {
        let rows = alternative::Entity::find()
            .filter(alternative::Column::SuggestionId.is_in(ids.iter().map(|id| id.0)))
            .order_by_asc(alternative::Column::SuggestionId)
            .order_by_asc(alternative::Column::Position)
            .all(self.read())
            .await
            .db()?;
        let alternative = |row: alternative::Model| {
            (SuggestionId(row.suggestion_id), Alternative { text: row.text, confidence: row.confidence })
        };
        Ok(grouped(rows.into_iter().map(alternative)))
    }

    async fn evidence(&self, ids: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Evidence>>> {
        let rows = evidence::Entity::find()
            .filter(evidence::Column::SuggestionId.is_in(ids.iter().map(|id| id.0)))
            .order_by_asc(evidence::Column::SuggestionId)
            .order_by_asc(evidence::Column::Position)
            .all(self.read())
            .await
            .db()?;
        let ground = |row: evidence::Model| {
            (SuggestionId(row.suggestion_id), Evidence { source: row.source, detail: row.detail })
        };
        Ok(grouped(rows.into_iter().map(ground)))
    }

    async fn confidence_distributions(&self, runs: &[RunId]) -> Result<HashMap<RunId, ConfidenceDistribution>> {
        let count_from = |from: f64| {
            let one_each: Expr = Expr::case(Expr::col(Column::Confidence).gte(from), 1).finally(0).into();
            one_each.sum().cast_as("bigint")
        };
        let mut query = Query::select();
        query.column(Column::RunId).expr(Expr::cust("count(*)"));
        for from in [ConfidenceBand::MEDIUM_FROM, ConfidenceBand::HIGH_FROM] {
            query.expr(count_from(from));
        }
        query
            .from(suggestion::Entity)
            .and_where(Expr::col(Column::RunId).is_in(runs.iter().map(|run| run.0)))
            .group_by_col(Column::RunId);
        let mut found = HashMap::new();
        for row in self.read().query_all(&query).await.db()? {
            let (run, total): (i64, i64) = (nth(&row, 0)?, nth(&row, 1)?);
            let (medium_up, high): (i64, i64) = (nth(&row, 2)?, nth(&row, 3)?);
            let counts = ConfidenceDistribution {
                high: whole(high),
                medium: whole(medium_up - high),
                low: whole(total - medium_up),
            };
            found.insert(RunId(run), counts);
        }
        Ok(found)
    }

    async fn review_counts(&self, runs: &[RunId]) -> Result<HashMap<RunId, ReviewCounts>> {
        let mut query = Query::select();
        query
            .columns([Column::RunId, Column::ReviewState])
            .expr(Expr::cust("count(*)"))
            .expr(Expr::col(Column::AppliedText).count())
            .from(suggestion::Entity)
            .and_where(Expr::col(Column::RunId).is_in(runs.iter().map(|run| run.0)))
            .group_by_columns([Column::RunId, Column::ReviewState]);
        let mut found: HashMap<RunId, ReviewCounts> = HashMap::new();
        for row in self.read().query_all(&query).await.db()? {
            let (run, state): (i64, Word<ReviewState>) = (nth(&row, 0)?, nth(&row, 1)?);
            let counts = found.entry(RunId(run)).or_default();
            counts.add(state.0, whole(nth(&row, 2)?), whole(nth(&row, 3)?));
        }
        Ok(found)
    }
}
