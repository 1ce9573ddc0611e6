//! Reads the audit: every write to a described database. `items.rs` records it together with the items.

use std::collections::{HashMap, HashSet};

use entity::applied_comment::{self, Column};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

use super::{
    dialect,
    keyset::{self, KeyType, Keyset},
    number, record,
    runs::MAX_KEYS,
    trouble::DbResult as _,
};
use crate::domain::{
    Result,
    apply::{AUDIT_LIST, AppliedComment, AppliedCommentFilter},
    asset::AssetPath,
    filter::OrderDirection,
    id::{AppliedCommentId, DbProfileId},
    page::{Cursor, CursorPart, Page, PageRequest},
};

fn passing(backend: DbBackend, filter: &AppliedCommentFilter) -> SelectStatement {
    let mut query = Query::select();
    query.from(applied_comment::Entity);
    if let Some(run) = filter.run_id {
        query.and_where(Expr::col(Column::RunId).eq(run.0));
    }
    if let Some(profile) = filter.db_profile_id {
        query.and_where(Expr::col(Column::DbProfileId).eq(profile.0));
    }
    if let Some(after) = filter.written_after {
        query.and_where(Expr::col(Column::At).gte(record::millis_from(after)));
    }
    if let Some(before) = filter.written_before {
        query.and_where(Expr::col(Column::At).lt(record::millis_from(before)));
    }
    let needle = filter.search.as_deref().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    if let Some(needle) = needle {
        match dialect::search_audit(backend, &needle) {
            Some(found) => query.and_where(Expr::col(Column::Id).in_subquery(found)),
            None => query.and_where(dialect::contains(backend, Expr::col(Column::SearchText), &needle)),
        };
    }
    query
}

/// Returns one page, newest first.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    filter: &AppliedCommentFilter,
    page: &PageRequest,
) -> Result<Page<AppliedComment>> {
    let keyset = Keyset {
        columns: vec![(Expr::col(Column::At), KeyType::Int), (Expr::col(Column::Id), KeyType::Int)],
        nullable: false,
        direction: OrderDirection::Desc,
    };
    let mut query = passing(connection.get_database_backend(), filter);
    query.columns(Column::iter());
    let cursor = |row: &applied_comment::Model| Cursor {
        list: AUDIT_LIST.to_owned(),
        key: vec![CursorPart::Int(record::millis(row.at.0)), CursorPart::Int(row.id)],
    };
    Ok(keyset::page(connection, &keyset, page, &query, cursor).await?.map(record::applied_comment))
}

pub(super) async fn count(connection: &impl ConnectionTrait, filter: &AppliedCommentFilter) -> Result<i64> {
    let mut query = passing(connection.get_database_backend(), filter);
    number(connection, query.expr(Expr::cust("count(*)"))).await
}

pub(super) async fn by_id(
    connection: &impl ConnectionTrait,
    ids: &[AppliedCommentId],
) -> Result<HashMap<AppliedCommentId, AppliedComment>, DbErr> {
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(MAX_KEYS) {
        let these = Column::Id.is_in(ids.iter().map(|id| id.0));
        for row in applied_comment::Entity::find().filter(these).all(connection).await? {
            found.insert(AppliedCommentId(row.id), record::applied_comment(row));
        }
    }
    Ok(found)
}

/// Returns the keys of all profiles that were written through, deleted ones included. Each costs one index look-up.
async fn profiles(connection: &impl ConnectionTrait) -> Result<Vec<i64>, DbErr> {
    let mut profiles = Vec::new();
    loop {
        let mut next = Query::select();
        next.expr_as(Expr::col(Column::DbProfileId).min(), "least").from(applied_comment::Entity);
        if let Some(last) = profiles.last() {
            next.and_where(Expr::col(Column::DbProfileId).gt(*last));
        }
        let found = connection.query_one(&next).await?;
        match found.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten() {
            Some(profile) => profiles.push(profile),
            None => return Ok(profiles),
        }
    }
}

/// Returns the suggested texts that Gloss has written on these assets, without roll-backs and without texts of
/// reviewers: through `profile`, or through any profile if it is `None`. Assets are given by their keys.
pub(super) async fn texts_written(
    connection: &impl ConnectionTrait,
    profile: Option<DbProfileId>,
    assets: &[String],
) -> Result<HashMap<String, HashSet<String>>, DbErr> {
    let profiles = match profile {
        Some(profile) => vec![profile.0],
        None => profiles(connection).await?,
    };
    let mut found: HashMap<String, HashSet<String>> = HashMap::new();
    for assets in assets.chunks(MAX_KEYS) {
        let rows: Vec<(String, Option<String>)> = applied_comment::Entity::find()
            .select_only()
            .columns([Column::AssetKey, Column::AfterText])
            .filter(Column::DbProfileId.is_in(profiles.iter().copied()))
            .filter(Column::AssetKey.is_in(assets))
            .filter(Column::Undoes.is_null())
            .filter(Column::Edited.eq(false))
            .into_tuple()
            .all(connection)
            .await?;
        for (asset, after) in rows {
            found.entry(asset).or_default().extend(after);
        }
    }
    Ok(found)
}

/// Returns the text that was last written on each of these assets.
pub(super) async fn last_written(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
    assets: &[AssetPath],
) -> Result<HashMap<AssetPath, Option<String>>> {
    let mut found = HashMap::with_capacity(assets.len());
    for assets in assets.chunks(MAX_KEYS) {
        let keys = assets.iter().map(record::asset_key).collect::<Result<Vec<_>>>()?;
        // An imported write has a later key than writes that were made after it.
        let rows = applied_comment::Entity::find()
            .filter(Column::DbProfileId.eq(profile.0))
            .filter(Column::AssetKey.is_in(keys))
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .all(connection)
            .await
            .db()?;
        for row in rows {
            let written = record::applied_comment(row);
            found.insert(written.asset, written.after);
        }
    }
    Ok(found)
}
