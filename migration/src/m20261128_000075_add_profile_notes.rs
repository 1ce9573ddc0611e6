//! Adds a user's notes on a database and the tables that its runs exclude.

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
        for column in columns(&["about?", "exclude?"], ColumnDef::text) {
            add_column(manager, "db_profile", column).await?;
        }
        Ok(())
    }
}
