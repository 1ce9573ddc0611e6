//! Creates the sessions of questions, their turns, and the tool calls of each turn.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_indexes, create_table};
use sea_orm_migration::schema::big_pk_auto;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("ask_session").col(big_pk_auto("id"));
        let blocks =
            [columns(&["title"], ColumnDef::text), columns(&["created_at", "last_active_at"], ColumnDef::big_integer)];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;
        create_indexes(manager, "ask_session", &[("ask_session_by_activity", &["last_active_at", "id"])]).await?;

        let mut table = Table::create();
        table.table("ask_turn").col(big_pk_auto("id"));
        let blocks = [
            columns(&["session_id", "run_id"], ColumnDef::big_integer),
            columns(&["question", "db_profile_ids", "answer?", "citations"], ColumnDef::text),
            columns(&["everywhere"], ColumnDef::boolean),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.foreign_key(&mut belongs_to("ask_turn", "session_id", "ask_session"));
        table.foreign_key(&mut belongs_to("ask_turn", "run_id", "run"));
        create_table(manager, table).await?;
        let mut by_run = Index::create();
        by_run.name("ask_turn_by_run").table("ask_turn").unique().col("run_id");
        manager.create_index(by_run).await?;
        create_indexes(manager, "ask_turn", &[("ask_turn_by_session", &["session_id", "id"])]).await?;

        let mut table = Table::create();
        table.table("ask_tool_call");
        let blocks = [
            columns(&["turn_id"], ColumnDef::big_integer),
            columns(&["position", "round"], ColumnDef::integer),
            columns(&["call_id", "name", "arguments", "result"], ColumnDef::text),
            columns(&["milliseconds"], ColumnDef::double),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("turn_id").col("position"));
        table.foreign_key(&mut belongs_to("ask_tool_call", "turn_id", "ask_turn"));
        create_table(manager, table).await
    }
}
