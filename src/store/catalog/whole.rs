//! Reads a whole catalog in order.
//!
//! The rule: a reader gets some tables at a time and names the last one to continue, so memory does not grow with the
//! catalog.

use std::collections::HashSet;

use entity::{
    catalog_asset::{self, Column},
    suggestion,
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{known_asset, of};
use crate::{
    domain::{description::CatalogAsset, id::DbProfileId},
    store::runs::MAX_KEYS,
};

/// Returns at most `limit` schemas and tables after the key `after`, each followed by its columns.
pub(in crate::store) async fn after(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    schemas: Option<&[String]>,
    after: &str,
    limit: u64,
) -> Result<Vec<CatalogAsset>, DbErr> {
    let mut these = of(profile).add(Column::TableKey.gt(after));
    if let Some(schemas) = schemas {
        these = these.add(Column::SchemaName.is_in(schemas.iter().map(String::as_str)));
    }
    let last: Option<String> = catalog_asset::Entity::find()
        .select_only()
        .column(Column::TableKey)
        .filter(these.clone().add(Column::ColumnKey.eq("")))
        .order_by_asc(Column::TableKey)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await?
        .pop();
    let Some(last) = last else { return Ok(Vec::new()) };
    let rows = catalog_asset::Entity::find()
        .filter(these.add(Column::TableKey.lte(last)))
        .order_by_asc(Column::TableKey)
        .order_by_asc(Column::Position)
        .all(connection)
        .await?;
    let described: Vec<i64> = rows.iter().filter_map(|row| row.described_by).collect();
    let applied = applied(connection, &described).await?;
    let asset = |row: catalog_asset::Model| {
        let applied = row.described_by.is_some_and(|id| applied.contains(&id));
        CatalogAsset { asset: known_asset(row), applied }
    };
    Ok(rows.into_iter().map(asset).collect())
}

/// Returns those of these suggestions whose text was applied and not rolled back.
async fn applied(connection: &impl ConnectionTrait, suggestions: &[i64]) -> Result<HashSet<i64>, DbErr> {
    let mut found = HashSet::new();
    for ids in suggestions.chunks(MAX_KEYS) {
        let these = Condition::all()
            .add(suggestion::Column::Id.is_in(ids.iter().copied()))
            .add(suggestion::Column::AppliedId.is_not_null());
        let applied: Vec<i64> = suggestion::Entity::find()
            .select_only()
            .column(suggestion::Column::Id)
            .filter(these)
            .into_tuple()
            .all(connection)
            .await?;
        found.extend(applied);
    }
    Ok(found)
}

/// Returns the names of the schemas in a profile's catalog.
pub(in crate::store) async fn schemas(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
) -> Result<Vec<String>, DbErr> {
    catalog_asset::Entity::find()
        .select_only()
        .column(Column::SchemaName)
        .filter(of(profile).add(Column::SchemaName.is_not_null()))
        .distinct()
        .order_by_asc(Column::SchemaName)
        .into_tuple()
        .all(connection)
        .await
}
