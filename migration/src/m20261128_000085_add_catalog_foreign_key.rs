//! Adds foreign keys of several columns to each of their columns: the columns of both ends.

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
        for column in columns(&["foreign_key?"], ColumnDef::text) {
            add_column(manager, "catalog_asset", column).await?;
        }
        Ok(())
    }
}
