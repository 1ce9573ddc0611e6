//! Adds the number of requests that asked a model again for what an earlier answer lacked.

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
        for table in ["run", "usage_tally"] {
            let mut column = ColumnDef::new("repeats");
            if table == "run" {
                column.integer()
            } else {
                column.big_integer()
            };
            column.not_null().default(0);
            add_column(manager, table, column).await?;
        }
        Ok(())
    }
}
