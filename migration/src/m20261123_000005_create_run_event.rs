//! Creates the events of runs.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("run_event");
        let blocks = [
            columns(&["run_id"], ColumnDef::big_integer),
            columns(&["sequence"], ColumnDef::integer),
            columns(&["at"], ColumnDef::big_integer),
            columns(&["event_type", "message", "status", "progress", "usage", "asset?"], ColumnDef::text),
            columns(&["position?"], ColumnDef::integer),
            columns(&["suggestion_id?"], ColumnDef::big_integer),
            columns(&["text?", "error?"], ColumnDef::text),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("run_id").col("sequence"));
        table.foreign_key(&mut belongs_to("run_event", "run_id", "run"));
        create_table(manager, table).await
    }
}
