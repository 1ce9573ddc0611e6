//! Creates the pace of LLM profiles: when the next request of all processes may be sent.

use sea_orm_migration::prelude::*;

use super::{columns, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("model_pace");
        for mut column in columns(&["llm_profile_id", "next_us"], ColumnDef::big_integer) {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("llm_profile_id"));
        create_table(manager, table).await
    }
}
