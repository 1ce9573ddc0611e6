//! Adds the input that providers read from their prompt caches, and its price in LLM profiles.

use sea_orm_migration::prelude::*;

use super::{add_column, columns};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for price in columns(&["cached_input_cost_per_million_tokens?"], ColumnDef::double) {
            add_column(manager, "llm_profile", price).await?;
        }
        for table in ["run", "usage_tally"] {
            let mut column = ColumnDef::new("cached_input_tokens");
            column.big_integer().not_null().default(0);
            add_column(manager, table, column).await?;
        }
        Ok(())
    }
}
