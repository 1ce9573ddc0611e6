//! The keys of catalog assets come in blocks by profile, which a search skips by. What was indexed under other keys
//! goes: the first search that looks there reads the catalogs again, and accepted descriptions are found from the
//! suggestions.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["catalog_asset", "catalog_reading"] {
            manager.execute(Query::delete().from_table(table).take()).await?;
        }
        Ok(())
    }
}
