//! Adds the setting of DB profiles that enables sampling of views. It is off for existing profiles.

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
        let mut column = ColumnDef::new("sample_views");
        column.boolean().not_null().default(false);
        add_column(manager, "db_profile", column).await
    }
}
