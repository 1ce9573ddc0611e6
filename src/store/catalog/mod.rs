//! The catalogs: a copy of what the described databases hold, indexed for search.
//!
//! `indexing` stores what was read, `descriptions` updates descriptions after reviews, `look_ups` answers queries by
//! name, and `whole` reads a catalog in order. The rule: an asset is found by two keys, one of its table and one of its
//! column, which do not depend on how it was read.

mod descriptions;
mod indexing;
mod look_ups;
mod whole;

pub(super) use descriptions::{describe_again, described_by_runs, follow_reviews};
pub(super) use indexing::{comment_written, forget, mark_read, retain_tables, take_schemas, take_tables};
pub(super) use look_ups::{
    columns_of, coverage, documented_assets, foreign_keys, known_asset, missing, name_words, named, read_at, tables_of,
    undescribed, unread,
};
pub(super) use whole::{after, schemas};

use std::ops::RangeInclusive;

use entity::catalog_asset::Column;
use sea_orm::{ColumnTrait, Condition};

use crate::domain::{
    asset::{AssetKind, AssetPath},
    id::DbProfileId,
    index_key::index_key,
    search::{KEY_END, table_key},
};

/// The character after [`KEY_END`]. A key with its [`KEY_END`] replaced by this is the upper bound of all keys that
/// start with it.
const AFTER: char = '\u{20}';

/// The range of ids of a profile's assets. Each profile has its own block, so that a search can skip the others.
pub(in crate::store) const fn keys_of(profile: DbProfileId) -> RangeInclusive<i64> {
    let first = profile.0 << 32;
    first..=first | 0xffff_ffff
}

/// Returns the table key and the column key of an asset.
fn keys(path: &AssetPath) -> (String, String) {
    (table_key(path), index_key(path.column.clone().unwrap_or_default()))
}

/// Returns the key of a schema, or of a table in it.
fn key(database: Option<&str>, schema: &str, table: Option<&str>) -> String {
    table_key(&AssetPath {
        kind: AssetKind::Table,
        database: database.map(str::to_owned),
        schema: Some(schema.to_owned()),
        table: table.map(str::to_owned),
        column: None,
    })
}

/// Matches the keys that start with this one, without the key itself.
fn below(key: &str) -> Condition {
    let end = format!("{}{AFTER}", key.trim_end_matches(KEY_END));
    Condition::all().add(Column::TableKey.gt(key)).add(Column::TableKey.lt(end))
}

fn of(profile: DbProfileId) -> Condition {
    Condition::all().add(Column::DbProfileId.eq(profile.0))
}

/// Returns the key that finds an asset by its displayed name, ignoring case.
fn folded(displayed: &str) -> String {
    index_key(displayed.to_lowercase())
}

/// Returns the comment, or `None` if it is blank.
fn comment(comment: Option<&String>) -> Option<String> {
    comment.filter(|comment| !comment.trim().is_empty()).cloned()
}
