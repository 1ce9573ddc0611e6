//! What is known of catalogs: taking in what was read, and following reviews and applies. The search is in
//! `catalog_search.rs`.
//!
//! The rule: what did not change is not written, so that reading a catalog again costs looks alone; the full-text
//! index follows by triggers. Which description an asset has is found by one statement, from the suggestions
//! themselves, whatever happened to them.

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
    sync::Arc,
};

use entity::{
    catalog_asset::{self, Column},
    catalog_reading, run, suggestion,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query, SelectStatement},
};

use super::{all, dialect, items, record, runs::MAX_KEYS, write, writing::Transaction};
use crate::domain::{
    Result,
    asset::{AssetKind, AssetPath},
    catalog::{ForeignKey, Schema, TableDetail},
    clock::Moment,
    coverage::{CoverageFigures, CoverageTally},
    id::{DbProfileId, RunId},
    index_key::index_key,
    search::{KEY_END, KnownAsset, table_key, terms},
    suggestion::ReviewState,
    vocabulary::Context,
};

/// The character after [`KEY_END`]: keys that begin with a part come before that part with this one.
const AFTER: char = '\u{20}';

/// The keys of a profile's assets: a block for each, so that a search skips the others'.
pub(super) const fn keys_of(profile: DbProfileId) -> RangeInclusive<i64> {
    let first = profile.0 << 32;
    first..=first | 0xffff_ffff
}

/// The two keys of an asset.
fn keys(path: &AssetPath) -> (String, String) {
    (table_key(path), index_key(path.column.clone().unwrap_or_default()))
}

/// The key of a schema, or of a table in it.
fn key(database: Option<&str>, schema: &str, table: Option<&str>) -> String {
    table_key(&AssetPath {
        kind: AssetKind::Table,
        database: database.map(str::to_owned),
        schema: Some(schema.to_owned()),
        table: table.map(str::to_owned),
        column: None,
    })
}

/// Keys that begin with this one, itself left out.
fn below(key: &str) -> Condition {
    let end = format!("{}{AFTER}", key.trim_end_matches(KEY_END));
    Condition::all().add(Column::TableKey.gt(key)).add(Column::TableKey.lt(end))
}

fn of(profile: DbProfileId) -> Condition {
    Condition::all().add(Column::DbProfileId.eq(profile.0))
}

/// The key by which an asset is found by how it is displayed, whatever the letter case.
fn folded(displayed: &str) -> String {
    index_key(displayed.to_lowercase())
}

/// A row without its key and description.
fn blank(profile: DbProfileId, path: &AssetPath) -> catalog_asset::Model {
    let (table_key, column_key) = keys(path);
    catalog_asset::Model {
        id: 0,
        db_profile_id: profile.0,
        table_key,
        column_key,
        folded: folded(&path.display()),
        display: path.key(),
        asset_kind: path.kind.as_str().to_owned(),
        database_name: path.database.clone(),
        schema_name: path.schema.clone(),
        table_name: path.table.clone(),
        column_name: path.column.clone(),
        position: 0,
        data_type: None,
        nullable: false,
        primary_key: false,
        refers_to: None,
        refers_to_key: None,
        foreign_key: None,
        names: String::new(),
        surroundings: String::new(),
        comment: None,
        description: None,
        described_by: None,
    }
}

/// A comment, unless it is blank.
fn comment(comment: Option<&String>) -> Option<String> {
    comment.filter(|comment| !comment.trim().is_empty()).cloned()
}

/// The rows of a table and its columns.
fn rows_of(profile: DbProfileId, table: &TableDetail) -> Result<Vec<catalog_asset::Model>> {
    let path = table.path();
    let name = table.table.name.as_str();
    let context = Context::of(table.columns.iter().map(|column| column.name.as_str()).chain([name]));
    let table_terms = terms(name, &context);
    let surroundings = format!("{table_terms} {}", terms(&table.schema, &context));
    let mut rows = vec![catalog_asset::Model {
        names: table_terms,
        surroundings: surroundings.clone(),
        comment: comment(table.table.comment.as_ref()),
        ..blank(profile, &path)
    }];
    for (position, column) in (1..).zip(&table.columns) {
        let key = table.foreign_key_of(&column.name);
        let refers_to = key.map(|key| referred(table, key, &column.name));
        rows.push(catalog_asset::Model {
            position,
            data_type: Some(column.data_type.clone()),
            nullable: column.nullable,
            primary_key: column.primary_key,
            refers_to: refers_to.as_ref().map(AssetPath::display),
            refers_to_key: refers_to.as_ref().map(|path| keys(path).0),
            foreign_key: record::to_json_or_none(key.filter(|key| key.only_column().is_none()))?,
            names: terms(&column.name, &context),
            surroundings: surroundings.clone(),
            comment: comment(column.comment.as_ref()),
            ..blank(profile, &table.column_path(&column.name))
        });
    }
    Ok(rows)
}

/// The column that a column of a table refers to by this key.
fn referred(table: &TableDetail, key: &ForeignKey, column: &str) -> AssetPath {
    AssetPath {
        kind: AssetKind::Column,
        database: table.database.clone(),
        schema: Some(key.schema.clone().unwrap_or_else(|| table.schema.clone())),
        table: Some(key.table.clone()),
        column: key.columns.iter().find(|(own, _)| own == column).map(|(_, other)| other.clone()),
    }
}

/// Takes in tables with their columns.
pub(super) async fn take_tables(
    transaction: &Transaction,
    profile: DbProfileId,
    tables: &[Arc<TableDetail>],
) -> Result<()> {
    for tables in tables.chunks(MAX_KEYS) {
        let rows = tables.iter().map(|table| rows_of(profile, table)).collect::<Result<Vec<_>>>()?;
        let wanted: Vec<catalog_asset::Model> = rows.into_iter().flatten().collect();
        let keys: HashSet<String> = wanted.iter().map(|row| row.table_key.clone()).collect();
        let these = of(profile).add(Column::TableKey.is_in(keys));
        let known = catalog_asset::Entity::find().filter(these).all(transaction).await?;
        take_rows(transaction, profile, wanted, known).await?;
    }
    Ok(())
}

/// Makes the rows that are known the ones that are wanted.
async fn take_rows(
    transaction: &Transaction,
    profile: DbProfileId,
    wanted: Vec<catalog_asset::Model>,
    known: Vec<catalog_asset::Model>,
) -> Result<()> {
    let place = |row: &catalog_asset::Model| (row.table_key.clone(), row.column_key.clone());
    let mut known: HashMap<(String, String), catalog_asset::Model> =
        known.into_iter().map(|row| (place(&row), row)).collect();
    let (mut new, mut seen) = (Vec::new(), HashSet::new());
    for row in wanted {
        if !seen.insert(place(&row)) {
            continue;
        }
        match known.remove(&place(&row)) {
            None => new.push(row),
            Some(before) => {
                let row = catalog_asset::Model {
                    id: before.id,
                    description: before.description.clone(),
                    described_by: before.described_by,
                    ..row
                };
                if row != before {
                    catalog_asset::Entity::update(row.into_active_model().reset_all()).exec(transaction).await?;
                }
            }
        }
    }
    let gone: Vec<i64> = known.into_values().map(|row| row.id).collect();
    for gone in gone.chunks(MAX_KEYS) {
        let these = Column::Id.is_in(gone.iter().copied());
        catalog_asset::Entity::delete_many().filter(these).exec(transaction).await?;
    }
    if new.is_empty() {
        return Ok(());
    }
    let keys = keys_of(profile);
    let last = catalog_asset::Entity::find()
        .select_only()
        .column_as(Column::Id.max(), "last")
        .filter(Column::Id.between(*keys.start(), *keys.end()));
    let last: Option<Option<i64>> = last.into_tuple().one(transaction).await?;
    let last = last.flatten().unwrap_or(*keys.start());
    let new = (last + 1..).zip(new).map(|(id, row)| catalog_asset::Model { id, ..row }.into_active_model().reset_all());
    write::insert(transaction, new).await?;
    describe(transaction, Condition::all().add(Column::Id.gt(last)).add(Column::Id.lte(*keys.end()))).await
}

/// Takes in a database, where databases have names, and its schemas.
pub(super) async fn take_schemas(
    transaction: &Transaction,
    profile: DbProfileId,
    database: Option<&str>,
    schemas: &[Schema],
) -> Result<()> {
    let row = |schema: &Schema| {
        let path = AssetPath {
            kind: AssetKind::Schema,
            database: database.map(str::to_owned),
            schema: Some(schema.name.clone()),
            table: None,
            column: None,
        };
        let names = terms(&schema.name, &Context::default());
        let comment = comment(schema.comment.as_ref());
        catalog_asset::Model { surroundings: names.clone(), names, comment, ..blank(profile, &path) }
    };
    let whole = database.map(|name| {
        let path = AssetPath {
            kind: AssetKind::Database,
            database: Some(name.to_owned()),
            schema: None,
            table: None,
            column: None,
        };
        let names = terms(name, &Context::default());
        catalog_asset::Model { surroundings: names.clone(), names, ..blank(profile, &path) }
    });
    let wanted: Vec<catalog_asset::Model> = schemas.iter().map(row).chain(whole).collect();
    let of_database = of(profile)
        .add(Column::AssetKind.is_in([AssetKind::Schema, AssetKind::Database].map(AssetKind::as_str)))
        .add(Expr::col(Column::DatabaseName).if_null("").eq(database.unwrap_or_default()));
    let known = catalog_asset::Entity::find().filter(of_database).all(transaction).await?;
    let wanted_keys: HashSet<&str> = wanted.iter().map(|row| row.table_key.as_str()).collect();
    for gone in known.iter().filter(|row| !wanted_keys.contains(row.table_key.as_str())) {
        let all_in_it = of(profile).add(below(&gone.table_key));
        catalog_asset::Entity::delete_many().filter(all_in_it).exec(transaction).await?;
    }
    take_rows(transaction, profile, wanted, known).await
}

/// Removes tables of a schema that it does not have any more.
pub(super) async fn keep_tables(
    transaction: &Transaction,
    profile: DbProfileId,
    database: Option<&str>,
    schema: &str,
    tables: &[String],
) -> Result<()> {
    let kept: HashSet<String> = tables.iter().map(|table| key(database, schema, Some(table))).collect();
    let in_it = of(profile).add(below(&key(database, schema, None))).add(Column::ColumnKey.eq(""));
    let known: Vec<String> = catalog_asset::Entity::find()
        .select_only()
        .column(Column::TableKey)
        .filter(in_it)
        .into_tuple()
        .all(transaction)
        .await?;
    let gone: Vec<String> = known.into_iter().filter(|key| !kept.contains(key)).collect();
    for gone in gone.chunks(MAX_KEYS) {
        let these = of(profile).add(Column::TableKey.is_in(gone.iter().cloned()));
        catalog_asset::Entity::delete_many().filter(these).exec(transaction).await?;
    }
    Ok(())
}

/// Remembers that a profile's catalog was read whole.
pub(super) async fn mark_read(transaction: &Transaction, profile: DbProfileId, at: Moment) -> Result<()> {
    let row = catalog_reading::ActiveModel {
        db_profile_id: ActiveValue::Set(profile.0),
        read_at: ActiveValue::Set(record::millis(at)),
    };
    let again = OnConflict::column(catalog_reading::Column::DbProfileId)
        .update_column(catalog_reading::Column::ReadAt)
        .to_owned();
    catalog_reading::Entity::insert(row).on_conflict(again).exec_without_returning(transaction).await?;
    Ok(())
}

/// Profiles whose catalog was never read whole.
pub(super) async fn unread(connection: &impl ConnectionTrait, profiles: &[DbProfileId]) -> Result<Vec<DbProfileId>> {
    let read: Vec<i64> = catalog_reading::Entity::find()
        .select_only()
        .column(catalog_reading::Column::DbProfileId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(profiles.iter().filter(|id| !read.contains(&id.0)).copied().collect())
}

/// Forgets a catalog: the profile leads to another database now, or nothing is left in it.
pub(super) async fn forget(transaction: &Transaction, profile: DbProfileId) -> Result<()> {
    catalog_reading::Entity::delete_by_id(profile.0).exec(transaction).await?;
    catalog_asset::Entity::delete_many().filter(of(profile)).exec(transaction).await?;
    Ok(())
}

/// The accepted suggestion of an asset that was decided on last.
fn accepted_last(connection: &impl ConnectionTrait, what: Expr) -> SelectStatement {
    use suggestion::Column as Of;
    let backend = connection.get_database_backend();
    let same = |theirs: Of, ours: Column| {
        let (theirs, ours) = (Expr::col((suggestion::Entity, theirs)), Expr::col((catalog_asset::Entity, ours)));
        dialect::same(backend, theirs, ours)
    };
    // The name leads to it: how many suggestions a run has, and how many are accepted, may just have changed.
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

/// Lets assets have the description that was accepted last, or none.
async fn describe(transaction: &Transaction, these: Condition) -> Result<()> {
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

/// The asset that a suggestion describes, and where.
#[derive(FromQueryResult)]
struct Described {
    db_profile_id: i64,
    asset_kind: String,
    database_name: Option<String>,
    schema_name: Option<String>,
    table_name: Option<String>,
    column_name: Option<String>,
}

/// Follows decisions on suggestions.
pub(super) async fn follow_reviews(transaction: &Transaction, mut suggestions: Vec<i64>) -> Result<()> {
    use suggestion::Column as Of;
    // Neighbours are of the same tables.
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
            let path = AssetPath {
                kind: record::spelled(&row.asset_kind)?,
                database: row.database_name,
                schema: row.schema_name,
                table: row.table_name,
                column: row.column_name,
            };
            by_profile.entry(DbProfileId(row.db_profile_id)).or_default().insert(keys(&path));
        }
        for (profile, wanted) in by_profile {
            describe_again(transaction, &at_keys(transaction, profile, &wanted).await?).await?;
        }
    }
    Ok(())
}

/// The assets of a profile with these keys of table and column. They are looked up by their tables, as the index has
/// them.
async fn at_keys(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    wanted: &HashSet<(String, String)>,
) -> Result<Vec<i64>> {
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

/// The assets that these runs describe, to be asked for before the runs are deleted.
pub(super) async fn described_by_runs(connection: &impl ConnectionTrait, runs: &[RunId]) -> Result<Vec<i64>> {
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
            .await?;
        found.extend(ids);
    }
    Ok(found)
}

/// Looks again for the descriptions of these assets.
pub(super) async fn describe_again(transaction: &Transaction, assets: &[i64]) -> Result<()> {
    for ids in assets.chunks(MAX_KEYS) {
        describe(transaction, Condition::all().add(Column::Id.is_in(ids.iter().copied()))).await?;
    }
    Ok(())
}

/// A comment was written to a database by Gloss, or removed.
pub(super) async fn comment_written(
    transaction: &Transaction,
    profile: DbProfileId,
    path: &AssetPath,
    text: Option<&String>,
) -> Result<()> {
    let (table_key, column_key) = keys(path);
    catalog_asset::Entity::update_many()
        .col_expr(Column::Comment, Expr::value(comment(text)))
        .filter(of(profile))
        .filter(Column::TableKey.eq(table_key))
        .filter(Column::ColumnKey.eq(column_key))
        .exec(transaction)
        .await?;
    Ok(())
}

/// An asset from its row.
pub(super) fn known_asset(row: catalog_asset::Model) -> Result<KnownAsset> {
    Ok(KnownAsset {
        id: row.id,
        db_profile_id: DbProfileId(row.db_profile_id),
        path: AssetPath {
            kind: record::spelled(&row.asset_kind)?,
            database: row.database_name,
            schema: row.schema_name,
            table: row.table_name,
            column: row.column_name,
        },
        data_type: row.data_type,
        nullable: row.nullable,
        primary_key: row.primary_key,
        table_key: row.table_key,
        references: row.refers_to,
        references_key: row.refers_to_key,
        together: row.foreign_key.map(|key| record::from_json(&key)).transpose()?,
        comment: row.comment,
        description: row.description,
    })
}

/// Assets by how they are displayed.
pub(super) async fn named(
    connection: &impl ConnectionTrait,
    profiles: &[DbProfileId],
    names: &[String],
) -> Result<Vec<KnownAsset>> {
    let mut found = Vec::new();
    for names in names.chunks(MAX_KEYS) {
        let rows = catalog_asset::Entity::find()
            .filter(Column::DbProfileId.is_in(profiles.iter().map(|id| id.0)))
            .filter(Column::Folded.is_in(names.iter().map(|name| folded(name))))
            .order_by_asc(Column::Id)
            .all(connection)
            .await?;
        for row in rows {
            found.push(known_asset(row)?);
        }
    }
    Ok(found)
}

/// The columns of a table.
pub(super) async fn columns_of(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    table: &AssetPath,
) -> Result<Vec<KnownAsset>> {
    let rows = catalog_asset::Entity::find()
        .filter(of(profile))
        .filter(Column::TableKey.eq(keys(table).0))
        .filter(Column::ColumnKey.ne(""))
        .order_by_asc(Column::Position)
        .all(connection)
        .await?;
    rows.into_iter().map(known_asset).collect()
}

/// All columns of a profile that refer to another, by name.
pub(super) async fn foreign_keys(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    limit: u64,
) -> Result<Vec<KnownAsset>> {
    let rows = catalog_asset::Entity::find()
        .filter(of(profile))
        .filter(Column::RefersToKey.is_not_null())
        .order_by_asc(Column::TableKey)
        .order_by_asc(Column::Position)
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(known_asset).collect()
}

/// Tables by name: of one schema, or all.
pub(super) async fn tables_of(
    connection: &impl ConnectionTrait,
    profiles: &[DbProfileId],
    schema: Option<&AssetPath>,
    limit: u64,
) -> Result<(Vec<KnownAsset>, u64)> {
    let mut tables = catalog_asset::Entity::find()
        .filter(Column::DbProfileId.is_in(profiles.iter().map(|id| id.0)))
        .filter(Column::TableName.is_not_null())
        .filter(Column::ColumnKey.eq(""));
    if let Some(schema) = schema {
        tables = tables.filter(below(&table_key(schema)));
    }
    let count = tables.clone().count(connection).await?;
    let rows = tables.order_by_asc(Column::DbProfileId).order_by_asc(Column::TableKey).limit(limit);
    let tables = rows.all(connection).await?.into_iter().map(known_asset);
    Ok((tables.collect::<Result<_>>()?, count))
}

/// When a profile's catalog was last read whole.
pub(super) async fn read_at(connection: &impl ConnectionTrait, profile: DbProfileId) -> Result<Option<Moment>> {
    let reading = catalog_reading::Entity::find_by_id(profile.0).one(connection).await?;
    reading.map(|reading| record::moment(reading.read_at)).transpose()
}

/// What is documented of a profile's tables and columns, by database and schema, and by table where asked for.
pub(super) async fn coverage(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    by_table: bool,
) -> Result<Vec<CoverageTally>> {
    let (comment, description) = (|| Expr::col(Column::Comment), || Expr::col(Column::Description));
    let counted = |condition: Expr| -> Expr {
        let one_each: Expr = Expr::case(condition, 1).finally(0).into();
        one_each.sum().cast_as("bigint")
    };
    let commented = Expr::from(Func::cust("trim").arg(comment())).ne("");
    let stands = comment().is_not_null().and(comment().eq(description()));
    let groups = [Column::DatabaseName, Column::SchemaName, Column::AssetKind];
    let mut query = Query::select();
    query.columns(groups).expr(Expr::cust("count(*)")).expr(counted(commented));
    query.expr(counted(description().is_not_null().and(stands.not())));
    query
        .from(catalog_asset::Entity)
        .and_where(Expr::col(Column::DbProfileId).eq(profile.0))
        .and_where(Expr::col(Column::TableName).is_not_null())
        .group_by_columns(groups);
    if by_table {
        query.column(Column::TableName).group_by_columns([Column::TableName]);
    }
    query.order_by(Column::DatabaseName, Order::Asc).order_by(Column::SchemaName, Order::Asc);
    let tally = |row: QueryResult| {
        let kind: String = row.try_get_by_index(2)?;
        Ok(CoverageTally {
            database: row.try_get_by_index(0)?,
            schema: row.try_get_by_index(1)?,
            table: if by_table { row.try_get_by_index(6)? } else { None },
            kind: record::spelled(&kind)?,
            figures: CoverageFigures {
                assets: row.try_get_by_index(3)?,
                documented: row.try_get_by_index(4)?,
                accepted: row.try_get_by_index(5)?,
            },
        })
    };
    connection.query_all(&query).await?.into_iter().map(tally).collect()
}
