//! Creates the schedules, their firings, and the assets that they have described.

use sea_orm_migration::prelude::*;

use super::{add_column, belongs_to, columns, create_indexes, create_table};
use sea_orm_migration::schema::{big_pk_auto, boolean, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("schedule").col(big_pk_auto("id"));
        let blocks = [
            columns(
                &["name", "status", "time_zone", "scope", "options", "review_strategy", "created_by"],
                ColumnDef::text,
            ),
            columns(&["cron?", "last_error?"], ColumnDef::text),
            columns(&["on_change"], ColumnDef::boolean),
            columns(&["fire_at?", "next_fire_at?", "last_fire_at?", "created_at"], ColumnDef::big_integer),
            columns(&["db_profile_id", "llm_profile_id?", "last_run_id?"], ColumnDef::big_integer),
            columns(&["max_cost_usd?"], ColumnDef::double),
            columns(&["max_tokens?"], ColumnDef::big_integer),
            columns(&["max_seconds?", "revision"], ColumnDef::integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;
        let indexes: [(&str, &[&str]); 3] = [
            ("schedule_by_next", &["status", "next_fire_at", "id"]),
            ("schedule_by_db_profile", &["db_profile_id", "id"]),
            ("schedule_by_llm_profile", &["llm_profile_id", "id"]),
        ];
        create_indexes(manager, "schedule", &indexes).await?;

        // The primary key guarantees that a schedule fires at most once for each due time.
        let mut table = Table::create();
        table.table("schedule_firing");
        let blocks = [columns(&["schedule_id", "due_at", "taken_at", "run_id?"], ColumnDef::big_integer)];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("schedule_id").col("due_at"));
        table.foreign_key(&mut belongs_to("schedule_firing", "schedule_id", "schedule"));
        create_table(manager, table).await?;

        let mut table = Table::create();
        table.table("schedule_asset");
        let blocks =
            [columns(&["schedule_id"], ColumnDef::big_integer), columns(&["asset", "fingerprint"], ColumnDef::text)];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("schedule_id").col("asset"));
        table.foreign_key(&mut belongs_to("schedule_asset", "schedule_id", "schedule"));
        create_table(manager, table).await?;

        let added = [("run", boolean("auto_apply").default(false).take()), ("run_row", text_null("fingerprint"))];
        for (table, column) in added {
            add_column(manager, table, column).await?;
        }
        // Runs that were in progress during the upgrade continue as they were requested.
        let mut ordered = Query::update();
        ordered.table("run").value("auto_apply", true).and_where(Expr::col("command").eq("RUN_APPLY"));
        manager.execute(ordered).await
    }
}
