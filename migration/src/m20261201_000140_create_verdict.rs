//! Creates the verdicts of JUDGE runs.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_indexes, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("verdict");
        let blocks = [
            columns(&["run_id"], ColumnDef::big_integer),
            columns(&["position"], ColumnDef::integer),
            columns(&["first_id", "second_id", "first_run_id", "second_run_id"], ColumnDef::big_integer),
            columns(&["outcome?", "opinions?"], ColumnDef::text),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("run_id").col("position"));
        for (column, other) in [("run_id", "run"), ("first_id", "suggestion"), ("second_id", "suggestion")] {
            table.foreign_key(&mut belongs_to("verdict", column, other));
        }
        create_table(manager, table).await?;
        let indexes: &[(&str, &[&str])] = &[
            ("verdict_by_first", &["first_id", "second_id", "run_id"]),
            ("verdict_by_second", &["second_id"]),
            ("verdict_by_runs", &["first_run_id", "second_run_id", "run_id"]),
        ];
        create_indexes(manager, "verdict", indexes).await
    }
}
