//! Creates the items of applies and roll-backs, and the audit of all writes with its text search.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_indexes, create_table, execute};
use sea_orm_migration::schema::big_pk_auto;

/// Like the search over runs: trigrams of a lowercase text that never changes. Rows of the audit are never deleted.
const SQLITE: [&str; 2] = [
    "CREATE VIRTUAL TABLE applied_comment_search USING fts5(
        search_text, content = 'applied_comment', content_rowid = 'id', tokenize = 'trigram case_sensitive 1')",
    "CREATE TRIGGER applied_comment_search_insert AFTER INSERT ON applied_comment BEGIN
        INSERT INTO applied_comment_search (rowid, search_text) VALUES (NEW.id, NEW.search_text);
    END",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("apply_item");
        let blocks = [
            columns(&["run_id"], ColumnDef::big_integer),
            columns(&["position"], ColumnDef::integer),
            columns(&["status"], ColumnDef::text),
            columns(&["begun"], ColumnDef::boolean),
            columns(&["suggestion_id", "undoes?"], ColumnDef::big_integer),
            columns(&["asset_kind", "database_name?", "schema_name?", "table_name?", "column_name?"], ColumnDef::text),
            columns(&["text?", "expected?", "statement?", "before_text?", "error?"], ColumnDef::text),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("run_id").col("position"));
        table.foreign_key(&mut belongs_to("apply_item", "run_id", "run"));
        create_table(manager, table).await?;
        create_indexes(manager, "apply_item", &[("apply_item_by_status", &["run_id", "status", "position"])]).await?;

        // No foreign keys: the audit remains when runs and profiles are deleted.
        let mut table = Table::create();
        table.table("applied_comment").col(big_pk_auto("id"));
        let blocks = [
            columns(&["at", "rolled_back_at?"], ColumnDef::big_integer),
            columns(&["run_id", "suggestion_id", "db_profile_id?", "undoes?"], ColumnDef::big_integer),
            columns(&["asset", "db_profile_name", "before_text?", "after_text?", "actor"], ColumnDef::text),
            columns(&["search_text"], ColumnDef::text),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;
        create_indexes(
            manager,
            "applied_comment",
            &[
                ("applied_comment_by_time", &["at", "id"]),
                ("applied_comment_by_run", &["run_id", "at", "id"]),
                ("applied_comment_by_db_profile", &["db_profile_id", "at", "id"]),
                ("applied_comment_by_asset", &["db_profile_id", "asset", "id"]),
                ("applied_comment_by_suggestion", &["suggestion_id", "id"]),
            ],
        )
        .await?;
        // PostgreSQL scans the texts, as for runs.
        execute(manager, &SQLITE, &[]).await
    }
}
