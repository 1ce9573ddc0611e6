//! Adds the identity of the database to runs, schedules and writes, the writes whose outcome is unknown, and the
//! confirmations by users that two databases are the same.

use sea_orm_migration::prelude::*;

use super::{add_column, columns, create_indexes, create_table};
use sea_orm_migration::schema::big_pk_auto;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["run", "schedule", "apply_item", "applied_comment"] {
            for column in columns(&["identity?"], ColumnDef::text) {
                add_column(manager, table, column).await?;
            }
        }
        for column in columns(&["doubt?"], ColumnDef::text) {
            add_column(manager, "apply_item", column).await?;
        }
        // No foreign keys: confirmations remain when profiles are deleted.
        let mut table = Table::create();
        table.table("confirmation").col(big_pk_auto("id"));
        let blocks = [
            columns(&["at", "db_profile_id"], ColumnDef::big_integer),
            columns(&["from_identity?", "to_identity", "actor"], ColumnDef::text),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        create_table(manager, table).await?;
        create_indexes(manager, "confirmation", &[("confirmation_by_db_profile", &["db_profile_id", "id"])]).await
    }
}
