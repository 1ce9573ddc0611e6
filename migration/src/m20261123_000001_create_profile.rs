//! Creates the DB and LLM profiles.

use sea_orm_migration::prelude::*;

use super::{columns, create_table};
use sea_orm_migration::schema::{big_integer, big_pk_auto, boolean, text_uniq};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("db_profile").col(big_pk_auto("id")).col(text_uniq("name"));
        for mut column in columns(&["backend", "url", "pinned_database?"], ColumnDef::text) {
            table.col(&mut column);
        }
        create_table(manager, table.col(big_integer("created_at")).take()).await?;

        let mut table = Table::create();
        table.table("llm_profile").col(big_pk_auto("id")).col(text_uniq("name"));
        let texts = columns(&["provider", "model", "base_url?", "api_key?"], ColumnDef::text);
        let numbers = columns(&["concurrency", "requests_per_minute?"], ColumnDef::integer);
        let prices = columns(&["input_cost_per_million_tokens?", "output_cost_per_million_tokens?"], ColumnDef::double);
        for mut column in [texts, numbers, prices].concat() {
            table.col(&mut column);
        }
        create_table(manager, table.col(boolean("is_default")).col(big_integer("created_at")).take()).await
    }
}
