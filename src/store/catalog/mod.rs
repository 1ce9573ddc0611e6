//! What is known of catalogs: a copy of what databases hold, indexed for the search.
//!
//! `indexing` takes in what was read, `descriptions` follows reviews, `look_ups` answers by name. The rule: an asset is
//! found by two keys, of its table and of its column, which are the same however it was read.

mod descriptions;
mod indexing;
mod look_ups;

pub(super) use descriptions::{describe_again, described_by_runs, follow_reviews};
pub(super) use indexing::{comment_written, forget, keep_tables, mark_read, take_schemas, take_tables};
pub(super) use look_ups::{columns_of, coverage, foreign_keys, known_asset, named, read_at, tables_of, unread};

use std::ops::RangeInclusive;

use entity::catalog_asset::Column;
use sea_orm::{ColumnTrait, Condition};

use crate::domain::{
    asset::{AssetKind, AssetPath},
    id::DbProfileId,
    index_key::index_key,
    search::{KEY_END, table_key},
};

/// The character after [`KEY_END`]: keys that begin with a part come before that part with this one.
const AFTER: char = '\u{20}';

/// The keys of a profile's assets: a block for each, so that a search skips the others'.
pub(in crate::store) const fn keys_of(profile: DbProfileId) -> RangeInclusive<i64> {
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

/// A comment, unless it is blank.
fn comment(comment: Option<&String>) -> Option<String> {
    comment.filter(|comment| !comment.trim().is_empty()).cloned()
}
