//! Bounds the length of names in keys, so that they fit into an index entry: a long name is cut and followed by the
//! hash of the whole. Writes gain a bounded key of their asset. Indexed catalogs are deleted, because their keys
//! change; the first search of a profile reads its catalog again.

use std::fmt::Write;

use sea_orm_migration::prelude::*;
use sha2::{Digest, Sha256};

use super::{add_column, create_indexes, execute};
use sea_orm_migration::schema::text;

/// Maximum length of a name that is stored whole as a key, in bytes.
const WHOLE: u16 = 500;

/// The key columns that earlier versions stored without a length limit.
const KEYS: [(&str, &str); 3] =
    [("suggestion", "display"), ("applied_comment", "asset_key"), ("schedule_asset", "asset")];

const DROPPED: [&str; 2] = ["DROP INDEX suggestion_by_asset", "DROP INDEX applied_comment_by_asset"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &DROPPED, &DROPPED).await?;
        for table in ["catalog_asset", "catalog_reading"] {
            manager.execute(Query::delete().from_table(table).take()).await?;
        }
        add_column(manager, "catalog_asset", text("display").default("").take()).await?;
        add_column(manager, "applied_comment", text("asset_key").default("").take()).await?;
        let mut keys = Query::update();
        manager.execute(keys.table("applied_comment").value("asset_key", Expr::col("asset")).take()).await?;
        for (table, column) in KEYS {
            cut(manager, table, column).await?;
        }
        let by_name: (&str, &[&str]) = ("suggestion_by_asset", &["display", "review_state"]);
        create_indexes(manager, "suggestion", &[by_name]).await?;
        let by_asset: (&str, &[&str]) = ("applied_comment_by_asset", &["db_profile_id", "asset_key", "id"]);
        create_indexes(manager, "applied_comment", &[by_asset]).await
    }
}

/// Cuts the overlong keys of a column.
async fn cut(manager: &SchemaManager<'_>, table: &'static str, column: &'static str) -> Result<(), DbErr> {
    let is_long = Expr::from(Func::cust("octet_length").arg(Expr::col(column))).gt(i32::from(WHOLE));
    let mut long = Query::select();
    long.distinct().column(column).from(table).and_where(is_long);
    for row in manager.get_connection().query_all(&long).await? {
        let whole: String = row.try_get_by_index(0)?;
        let mut update = Query::update();
        update.table(table).value(column, key(&whole)?).and_where(Expr::col(column).eq(whole));
        manager.execute(update).await?;
    }
    Ok(())
}

fn key(whole: &str) -> Result<String, DbErr> {
    let mut key = whole[..whole.floor_char_boundary(usize::from(WHOLE))].to_owned();
    key.push('…');
    for byte in Sha256::digest(whole.as_bytes()) {
        write!(key, "{byte:02x}").map_err(|error| DbErr::Migration(error.to_string()))?;
    }
    Ok(key)
}
