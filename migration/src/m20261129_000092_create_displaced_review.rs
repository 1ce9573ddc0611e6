//! Creates the reviews that suggestions had before another version of their chain was accepted.

use sea_orm_migration::prelude::*;

use super::{belongs_to, create_indexes, create_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table("displaced_review")
            .col(ColumnDef::new("suggestion_id").big_integer().not_null().primary_key())
            .col(ColumnDef::new("accepted_id").big_integer().not_null())
            .col(ColumnDef::new("review_state").text().not_null())
            .col(ColumnDef::new("review_text").text())
            .col(ColumnDef::new("reviewer").text())
            .col(ColumnDef::new("reviewed_at").big_integer())
            .foreign_key(&mut belongs_to("displaced_review", "suggestion_id", "suggestion"))
            .foreign_key(&mut belongs_to("displaced_review", "accepted_id", "suggestion"));
        create_table(manager, table).await?;
        create_indexes(manager, "displaced_review", &[("displaced_review_by_accepted", &["accepted_id"])]).await
    }
}
