//! Deletes the indexed catalogs, because their keys now form blocks by profile, which a search can skip. The first
//! search of a profile reads its catalog again and restores accepted descriptions from the suggestions.

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
