//! Creates the suggestions, with their alternatives and evidence.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_indexes, create_table};
use sea_orm_migration::schema::big_pk_auto;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("suggestion").col(big_pk_auto("id"));
        let blocks = [
            columns(&["run_id"], ColumnDef::big_integer),
            columns(&["position"], ColumnDef::integer),
            columns(&["asset_kind", "database_name?", "schema_name?", "table_name?", "column_name?"], ColumnDef::text),
            columns(&["display", "description", "search_text"], ColumnDef::text),
            columns(&["confidence", "logprob?"], ColumnDef::double),
            columns(&["reasoning?", "existing_comment?", "review_state", "reviewer?"], ColumnDef::text),
            columns(&["reviewed_at?"], ColumnDef::big_integer),
            columns(&["review_text?"], ColumnDef::text),
            columns(&["version"], ColumnDef::integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.foreign_key(&mut belongs_to("suggestion", "run_id", "run"));
        create_table(manager, table).await?;
        create_indexes(
            manager,
            "suggestion",
            &[
                ("suggestion_by_position", &["run_id", "position", "id"]),
                ("suggestion_by_confidence", &["run_id", "confidence", "position", "id"]),
                ("suggestion_by_name", &["run_id", "display", "position", "id"]),
                ("suggestion_by_review_state", &["run_id", "review_state", "position", "id"]),
            ],
        )
        .await?;

        for (name, texts, numbers) in
            [("alternative", &["text"][..], &["confidence"][..]), ("evidence", &["source", "detail"][..], &[][..])]
        {
            let mut table = Table::create();
            table.table(name);
            let blocks = [
                columns(&["suggestion_id"], ColumnDef::big_integer),
                columns(&["position"], ColumnDef::integer),
                columns(texts, ColumnDef::text),
                columns(numbers, ColumnDef::double),
            ];
            for mut column in blocks.concat() {
                table.col(&mut column);
            }
            table.primary_key(Index::create().col("suggestion_id").col("position"));
            table.foreign_key(&mut belongs_to(name, "suggestion_id", "suggestion"));
            create_table(manager, table).await?;
        }
        Ok(())
    }
}
