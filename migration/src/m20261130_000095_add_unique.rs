//! Adds to a described column whether a unique key covers it alone. It is set when the catalog is next read.

use sea_orm_migration::prelude::*;

use super::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_unique = ColumnDef::new("is_unique").boolean().not_null().default(false).take();
        add_column(manager, "catalog_asset", is_unique).await
    }
}
