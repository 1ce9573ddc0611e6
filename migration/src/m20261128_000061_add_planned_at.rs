//! Adds the time at which a schedule's next firing was planned. A plan from the future shows that the clock was set
//! back.

use sea_orm_migration::prelude::*;

use super::add_column;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let planned_at = ColumnDef::new("planned_at").big_integer().not_null().default(0).take();
        add_column(manager, "schedule", planned_at).await
    }
}
