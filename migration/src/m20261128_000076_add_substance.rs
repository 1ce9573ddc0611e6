//! Adds the substance of suggestions: whether a text says more than the name. Opening the store rates existing rows
//! in batches; an index of the unrated ones makes this cheap. Another index covers the columns that facets count.

use sea_orm_migration::prelude::*;

use super::{add_column, columns, execute};

/// PostgreSQL's index lacks the names, because the size of an index entry is limited there.
const SQLITE: [&str; 2] = [
    "CREATE INDEX suggestion_unrated ON suggestion (id) WHERE substance IS NULL",
    "CREATE INDEX suggestion_facets ON suggestion (run_id, asset_kind, substance, review_state, confidence, applied_id,
        schema_name, table_name)",
];
const POSTGRES: [&str; 2] = [
    "CREATE INDEX suggestion_unrated ON suggestion (id) WHERE substance IS NULL",
    "CREATE INDEX suggestion_facets ON suggestion (run_id, asset_kind, substance, review_state, confidence, \
        applied_id)",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns(&["substance?"], ColumnDef::text) {
            add_column(manager, "suggestion", column).await?;
        }
        execute(manager, &SQLITE, &POSTGRES).await
    }
}
