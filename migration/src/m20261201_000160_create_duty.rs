//! Creates the duties: the work that one process at a time does for all.

use sea_orm_migration::prelude::*;

use super::{columns, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("duty");
        let blocks =
            [columns(&["name", "worker_id"], ColumnDef::text), columns(&["held_until"], ColumnDef::big_integer)];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("name"));
        create_table(manager, table).await
    }
}
