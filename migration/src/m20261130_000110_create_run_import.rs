//! Creates the keys of imported runs. Deleting a run deletes its key, so that the run can be imported again.

use sea_orm_migration::prelude::*;

use super::{belongs_to, create_indexes, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table("run_import")
            .col(ColumnDef::new("key").text().not_null().primary_key())
            .col(ColumnDef::new("run_id").big_integer().not_null())
            .foreign_key(&mut belongs_to("run_import", "run_id", "run"));
        create_table(manager, table).await?;
        create_indexes(manager, "run_import", &[("run_import_by_run", &["run_id"])]).await
    }
}
