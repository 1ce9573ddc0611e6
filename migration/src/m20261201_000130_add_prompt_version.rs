//! Adds the version of a run's prompts, and the input that providers write to their prompt caches.

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
        add_column(manager, "run", ColumnDef::new("prompt_version").text().take()).await?;
        for table in ["run", "usage_tally"] {
            let mut column = ColumnDef::new("cache_write_tokens");
            column.big_integer().not_null().default(0);
            add_column(manager, table, column).await?;
        }
        Ok(())
    }
}
