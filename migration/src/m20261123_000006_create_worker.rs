//! Creates the workers and the idempotency keys.

use sea_orm_migration::prelude::*;

use super::{columns, create_table};
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("worker").col(ColumnDef::new("id").text().not_null().primary_key());
        let blocks = [
            columns(&["host"], ColumnDef::text),
            columns(&["started_at", "last_seen_at"], ColumnDef::big_integer),
            columns(&["capacity"], ColumnDef::integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;

        let mut table = Table::create();
        table.table("idempotency_key").col(ColumnDef::new("key").text().not_null().primary_key());
        for mut column in columns(&["fingerprint", "run_ids"], ColumnDef::text) {
            table.col(&mut column);
        }
        create_table(manager, table.col(big_integer("created_at")).take()).await
    }
}
