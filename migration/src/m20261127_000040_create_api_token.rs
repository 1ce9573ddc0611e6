//! Creates the API tokens.

use sea_orm_migration::prelude::*;

use super::{columns, create_table};
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
        table.table("api_token").col(big_pk_auto("id"));
        let blocks = [
            columns(&["name", "role"], ColumnDef::text),
            vec![ColumnDef::new("hash").blob().not_null().unique_key().take()],
            columns(&["created_at", "expires_at?", "last_used_at?", "revoked_at?"], ColumnDef::big_integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await
    }
}
