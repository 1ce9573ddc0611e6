//! Creates the rows of runs.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_indexes, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("run_row");
        let blocks = [
            columns(&["run_id"], ColumnDef::big_integer),
            columns(&["position"], ColumnDef::integer),
            columns(&["asset_kind", "database_name?", "schema_name?", "table_name?", "column_name?"], ColumnDef::text),
            columns(&["status", "error?"], ColumnDef::text),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("run_id").col("position"));
        table.foreign_key(&mut belongs_to("run_row", "run_id", "run"));
        create_table(manager, table).await?;
        create_indexes(manager, "run_row", &[("run_row_by_status", &["run_id", "status", "position"])]).await
    }
}
