//! Creates the probe that identifies the key with which the store's secrets are encrypted.

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
        table.table("seal").col(ColumnDef::new("id").integer().not_null().primary_key());
        for mut column in columns(&["probe"], ColumnDef::text) {
            table.col(&mut column);
        }
        create_table(manager, table).await
    }
}
