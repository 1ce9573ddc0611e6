//! Indexes a run's suggestions by table in SQLite, for filters and counts of tables. PostgreSQL limits the size of an
//! index entry, which the names of tables may exceed.

use sea_orm_migration::prelude::*;

use super::execute;

const SQLITE: [&str; 1] =
    ["CREATE INDEX suggestion_by_table ON suggestion (run_id, table_name, schema_name, position, id)"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &SQLITE, &[]).await
    }
}
