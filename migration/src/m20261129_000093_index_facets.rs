//! Adds a narrow index of what the counts of a list of runs need. Searches and labels give the keys of runs, and SQLite
//! looks up each key in this index instead of the wide row. PostgreSQL chooses its own indexes.

use sea_orm_migration::prelude::*;

use super::execute;

const SQLITE: [&str; 1] = ["CREATE INDEX run_facets ON run (id, kind, status)"];

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
