//! Creates the runs, with an index for each filter and order of their lists.

use sea_orm_migration::prelude::*;

use super::{columns, create_indexes, create_table};
use sea_orm_migration::schema::big_pk_auto;

/// The list by time under each filter, the other orders, and the queries of workers.
const INDEXES: &[(&str, &[&str])] = &[
    (
        "run_by_time",
        &["listed_at", "id", "kind", "status", "db_profile_id", "llm_profile_id", "schedule_id", "parent_id"],
    ),
    ("run_by_kind", &["kind", "listed_at", "id"]),
    ("run_by_status", &["status", "listed_at", "id"]),
    ("run_by_kind_status", &["kind", "status", "listed_at", "id"]),
    ("run_by_db_profile", &["db_profile_id", "listed_at", "id"]),
    ("run_by_llm_profile", &["llm_profile_id", "listed_at", "id"]),
    ("run_by_schedule", &["schedule_id", "listed_at", "id"]),
    ("run_by_parent", &["parent_id", "listed_at", "id"]),
    ("run_order_status", &["status", "id"]),
    ("run_order_duration", &["duration_ms", "id"]),
    ("run_order_command", &["command", "id"]),
    ("run_order_model", &["model", "id"]),
    ("run_order_db_profile", &["db_profile_name", "id"]),
    ("run_by_worker", &["worker_id"]),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("run").col(big_pk_auto("id"));
        // The columns that lists filter and sort by come first and long texts last, which keeps reading the former
        // cheap.
        let blocks = [
            columns(&["kind", "command", "status"], ColumnDef::text),
            columns(&["db_profile_id?", "llm_profile_id?", "schedule_id?", "parent_id?"], ColumnDef::big_integer),
            columns(&["listed_at", "duration_ms?"], ColumnDef::big_integer),
            columns(&["search_text", "db_profile_name?", "llm_profile_name?", "provider?", "model?"], ColumnDef::text),
            columns(&["scope_summary", "scope", "options"], ColumnDef::text),
            columns(&["max_cost_usd?"], ColumnDef::double),
            columns(&["max_tokens?"], ColumnDef::big_integer),
            columns(&["max_seconds?"], ColumnDef::integer),
            columns(&["created_at", "started_at?", "finished_at?"], ColumnDef::big_integer),
            columns(&["active_ms", "active_since?"], ColumnDef::big_integer),
            columns(&["rows_total?", "rows_done", "rows_failed", "rows_skipped"], ColumnDef::integer),
            columns(&["current_asset?"], ColumnDef::text),
            columns(&["input_tokens", "output_tokens"], ColumnDef::big_integer),
            columns(&["cost_usd?"], ColumnDef::double),
            columns(&["model_ms"], ColumnDef::big_integer),
            columns(&["requests", "retries"], ColumnDef::integer),
            columns(&["error?"], ColumnDef::text),
            columns(&["last_sequence", "attempt"], ColumnDef::integer),
            columns(&["worker_id?"], ColumnDef::text),
            columns(&["lease_until?"], ColumnDef::big_integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;
        create_indexes(manager, "run", INDEXES).await
    }
}
