//! Creates the stored comparisons, and adds the type of a described column.

use sea_orm_migration::prelude::*;

use super::{add_column, belongs_to, columns, create_indexes, create_table};
use sea_orm_migration::schema::big_pk_auto;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let data_type = ColumnDef::new("data_type").text().take();
        add_column(manager, "suggestion", data_type).await?;

        let mut table = Table::create();
        table.table("comparison").col(big_pk_auto("id"));
        let blocks = [
            columns(&["key", "stamp", "figures?"], ColumnDef::text),
            columns(&["assets", "begun_at", "finished_at?"], ColumnDef::big_integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;
        create_indexes(manager, "comparison", &[("comparison_by_key", &["key", "id"])]).await?;

        let mut table = Table::create();
        table.table("compared_run");
        for mut column in columns(&["comparison_id", "run_id"], ColumnDef::big_integer) {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("run_id").col("comparison_id"));
        table.foreign_key(&mut belongs_to("compared_run", "comparison_id", "comparison"));
        create_table(manager, table).await?;
        // The deletion of a comparison finds its runs through this index.
        create_indexes(manager, "compared_run", &[("compared_run_by_comparison", &["comparison_id"])]).await?;

        let mut table = Table::create();
        table.table("compared_asset");
        let blocks = [
            columns(&["comparison_id"], ColumnDef::big_integer),
            columns(&["missing"], ColumnDef::integer),
            columns(&["display", "asset_kind", "search_text"], ColumnDef::text),
            columns(&["database_name?", "schema_name?", "table_name?", "column_name?"], ColumnDef::text),
            columns(&["agreement"], ColumnDef::text),
            columns(&["similarity?"], ColumnDef::double),
            columns(&["reference?"], ColumnDef::text),
            columns(&["suggestion_1?", "suggestion_2?", "suggestion_3?", "suggestion_4?"], ColumnDef::big_integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        let mut key = Index::create();
        for column in ["comparison_id", "missing", "display", "asset_kind"] {
            key.col(column);
        }
        table.primary_key(&mut key);
        table.foreign_key(&mut belongs_to("compared_asset", "comparison_id", "comparison"));
        create_table(manager, table).await
    }
}
