//! Queries on the catalogs by name, by table, and in sums. `catalog_search.rs` has the search.

use std::collections::HashMap;

use entity::{
    Word,
    catalog_asset::{self, Column},
    catalog_reading,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, Order, Query},
};

use super::{below, folded, keys, of};
use crate::{
    domain::{
        Result,
        asset::{AssetKind, AssetPath},
        clock::Moment,
        coverage::{CoverageFigures, CoverageTally, MISSING},
        filter::OrderDirection,
        id::DbProfileId,
        page::{Cursor, CursorPart, Page, PageRequest},
        profile::DbProfile,
        search::{KnownAsset, UndescribedOf, table_key},
    },
    store::{
        keyset::{self, KeyType, Keyset},
        nth, record,
        runs::MAX_KEYS,
        trouble::DbResult as _,
    },
};

/// Returns the profiles whose catalog was never read completely.
pub(in crate::store) async fn unread(
    connection: &impl ConnectionTrait,
    profiles: &[DbProfileId],
) -> Result<Vec<DbProfileId>, DbErr> {
    let read: Vec<i64> = catalog_reading::Entity::find()
        .select_only()
        .column(catalog_reading::Column::DbProfileId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(profiles.iter().filter(|id| !read.contains(&id.0)).copied().collect())
}

/// Converts a row to an asset.
pub(in crate::store) fn known_asset(row: catalog_asset::Model) -> KnownAsset {
    KnownAsset {
        id: row.id,
        db_profile_id: DbProfileId(row.db_profile_id),
        path: record::path_of!(row),
        data_type: row.data_type,
        nullable: row.nullable,
        unique: row.is_unique,
        primary_key: row.primary_key,
        table_key: row.table_key,
        references: row.refers_to,
        references_key: row.refers_to_key,
        together: row.foreign_key.map(|key| key.0),
        comment: row.comment,
        description: row.description,
    }
}

/// Returns the assets with these displayed names, ignoring case.
pub(in crate::store) async fn named(
    connection: &impl ConnectionTrait,
    profiles: &[DbProfileId],
    names: &[String],
) -> Result<Vec<KnownAsset>, DbErr> {
    let mut found = Vec::new();
    for names in names.chunks(MAX_KEYS) {
        let rows = catalog_asset::Entity::find()
            .filter(Column::DbProfileId.is_in(profiles.iter().map(|id| id.0)))
            .filter(Column::Folded.is_in(names.iter().map(|name| folded(name))))
            .order_by_asc(Column::Id)
            .all(connection)
            .await?;
        found.extend(rows.into_iter().map(known_asset));
    }
    Ok(found)
}

/// Returns the columns of a table, in their order.
pub(in crate::store) async fn columns_of(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    table: &AssetPath,
) -> Result<Vec<KnownAsset>, DbErr> {
    let rows = catalog_asset::Entity::find()
        .filter(of(profile))
        .filter(Column::TableKey.eq(keys(table).0))
        .filter(Column::ColumnKey.ne(""))
        .order_by_asc(Column::Position)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(known_asset).collect())
}

/// Returns at most `limit` tables and columns of a profile with a comment or an accepted description, by table.
pub(in crate::store) async fn documented_assets(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    limit: u64,
) -> Result<Vec<KnownAsset>> {
    let rows = catalog_asset::Entity::find()
        .filter(of(profile))
        .filter(Column::TableName.is_not_null())
        .filter(Column::Comment.is_not_null().or(Column::Description.is_not_null()))
        .order_by_asc(Column::TableKey)
        .order_by_asc(Column::Position)
        .limit(limit)
        .all(connection)
        .await
        .db()?;
    Ok(rows.into_iter().map(known_asset).collect())
}

/// Returns at most `limit` columns of a profile that refer to another column, by table.
pub(in crate::store) async fn foreign_keys(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    limit: u64,
) -> Result<Vec<KnownAsset>, DbErr> {
    let rows = catalog_asset::Entity::find()
        .filter(of(profile))
        .filter(Column::RefersToKey.is_not_null())
        .order_by_asc(Column::TableKey)
        .order_by_asc(Column::Position)
        .limit(limit)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(known_asset).collect())
}

/// Returns at most `limit` tables by name, of one schema or of all, and their total number.
pub(in crate::store) async fn tables_of(
    connection: &impl ConnectionTrait,
    profiles: &[DbProfileId],
    schema: Option<&AssetPath>,
    limit: u64,
) -> Result<(Vec<KnownAsset>, u64), DbErr> {
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
    Ok((tables.collect(), count))
}

/// Maximum number of names whose words are read.
const NAMES: u64 = 200_000;

/// Returns the words of the names as indexed, with the number of names that contain each.
pub(in crate::store) async fn name_words(
    connection: &impl ConnectionTrait,
    profiles: Option<&[DbProfileId]>,
) -> Result<HashMap<String, usize>, DbErr> {
    let mut names = catalog_asset::Entity::find().select_only().column(Column::Names).limit(NAMES);
    if let Some(profiles) = profiles {
        names = names.filter(Column::DbProfileId.is_in(profiles.iter().map(|id| id.0)));
    }
    let mut words = HashMap::new();
    for names in names.into_tuple::<String>().all(connection).await? {
        for word in names.split_whitespace() {
            match words.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(words.insert(word.to_owned(), 1)),
            }
        }
    }
    Ok(words)
}

/// Matches a text that is null or blank.
fn blank(column: Column) -> Expr {
    let trimmed = Expr::from(Func::cust("trim").arg(Expr::col(column)));
    Expr::col(column).is_null().or(trimmed.eq(""))
}

/// Returns at most `limit` assets without a comment and an accepted description, their number, and that of all.
pub(in crate::store) async fn undescribed(
    connection: &impl ConnectionTrait,
    profiles: &[DbProfileId],
    of: &UndescribedOf,
    limit: u64,
) -> Result<(Vec<KnownAsset>, u64, u64), DbErr> {
    let mut assets = catalog_asset::Entity::find()
        .filter(Column::DbProfileId.is_in(profiles.iter().map(|id| id.0)))
        .filter(Column::TableName.is_not_null());
    assets = match of {
        UndescribedOf::Tables => assets.filter(Column::ColumnKey.eq("")),
        UndescribedOf::Columns => assets.filter(Column::ColumnKey.ne("")),
        UndescribedOf::ColumnsOf(table) => {
            assets.filter(Column::ColumnKey.ne("")).filter(Column::TableKey.eq(keys(table).0))
        }
    };
    let all = assets.clone().count(connection).await?;
    let assets = assets.filter(blank(Column::Comment)).filter(blank(Column::Description));
    let count = assets.clone().count(connection).await?;
    let ordered = assets
        .order_by_asc(Column::DbProfileId)
        .order_by_asc(Column::TableKey)
        .order_by_asc(Column::Position)
        .limit(limit);
    let rows = ordered.all(connection).await?.into_iter().map(known_asset);
    Ok((rows.collect(), count, all))
}

/// Returns one page of a profile's tables and columns with neither a comment nor an accepted description, by name,
/// without the tables that the profile excludes. Reads forward only.
pub(in crate::store) async fn missing(
    connection: &impl ConnectionTrait,
    profile: &DbProfile,
    page: &PageRequest,
) -> Result<Page<AssetPath>> {
    let keyset = Keyset {
        columns: vec![(Expr::col(Column::TableKey), KeyType::Text), (Expr::col(Column::ColumnKey), KeyType::Text)],
        nullable: false,
        direction: OrderDirection::Asc,
    };
    let undescribed = catalog_asset::Entity::find()
        .filter(of(profile.id))
        .filter(Column::TableName.is_not_null())
        .filter(blank(Column::Comment))
        .filter(blank(Column::Description))
        .into_query();
    let key = |row: &catalog_asset::Model| [&row.table_key, &row.column_key].map(|key| CursorPart::Text(key.clone()));
    let cursor = |row: &catalog_asset::Model| Cursor { list: MISSING.to_owned(), key: key(row).to_vec() };
    let is_excluded = |row: &catalog_asset::Model| {
        let [schema, table] = [&row.schema_name, &row.table_name].map(|name| name.as_deref().unwrap_or_default());
        profile.exclude.iter().any(|pattern| pattern.matches(schema, table))
    };
    let (mut rest, mut found) = (page.clone(), Vec::new());
    loop {
        let read = keyset::page(connection, &keyset, &rest, &undescribed, cursor).await?;
        rest.from = read.rows.last().map(|(cursor, _)| cursor.clone());
        found.extend(read.rows.into_iter().filter(|(_, row)| !is_excluded(row)));
        if !read.has_next || found.len() >= page.size {
            let has_next = read.has_next || found.len() > page.size;
            found.truncate(page.size);
            let rows = found.into_iter().map(|(cursor, row)| (cursor, record::path_of!(row))).collect();
            return Ok(Page { rows, has_next, has_previous: page.from.is_some() });
        }
    }
}

/// Returns when a profile's catalog was last read completely.
pub(in crate::store) async fn read_at(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
) -> Result<Option<Moment>, DbErr> {
    let reading = catalog_reading::Entity::find_by_id(profile.0).one(connection).await?;
    Ok(reading.map(|reading| reading.read_at.0))
}

/// Returns the coverage of a profile's tables and columns, by database and schema, and also by table if `by_table` is
/// set.
pub(in crate::store) async fn coverage(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    by_table: bool,
) -> Result<Vec<CoverageTally>> {
    let counted = |condition: Expr| -> Expr {
        let one_each: Expr = Expr::case(condition, 1).finally(0).into();
        one_each.sum().cast_as("bigint")
    };
    let accepted = blank(Column::Comment).and(blank(Column::Description).not());
    let groups = [Column::DatabaseName, Column::SchemaName, Column::AssetKind];
    let mut query = Query::select();
    query.columns(groups).expr(Expr::cust("count(*)")).expr(counted(blank(Column::Comment).not()));
    query.expr(counted(accepted));
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
        Ok(CoverageTally {
            database: nth(&row, 0)?,
            schema: nth(&row, 1)?,
            table: if by_table { nth(&row, 6)? } else { None },
            kind: nth::<Word<AssetKind>>(&row, 2)?.0,
            figures: CoverageFigures { assets: nth(&row, 3)?, documented: nth(&row, 4)?, accepted: nth(&row, 5)? },
        })
    };
    connection.query_all(&query).await.db()?.into_iter().map(tally).collect()
}
