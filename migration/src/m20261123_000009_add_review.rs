//! Adds the columns for reviews, applies and re-runs to runs, rows and suggestions.

use sea_orm_migration::prelude::*;

use super::{add_column, columns, create_indexes};
use sea_orm_migration::schema::text;

/// A table and its new columns.
type Added = (&'static str, Vec<ColumnDef>);

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let started_by = text("started_by").default("local").take();
        let added: [Added; 5] = [
            ("run", vec![started_by]),
            ("run", columns(&["variations?", "apply?"], ColumnDef::text)),
            ("run_row", columns(&["again?"], ColumnDef::big_integer)),
            ("suggestion", columns(&["chain_id?", "applied_id?"], ColumnDef::big_integer)),
            ("suggestion", columns(&["applied_text?"], ColumnDef::text)),
        ];
        for (table, columns) in added {
            // SQLite adds one column per statement.
            for column in columns {
                add_column(manager, table, column).await?;
            }
        }
        let indexes: [(&str, &[&str]); 2] = [
            ("suggestion_by_chain", &["chain_id", "version"]),
            ("suggestion_counts", &["run_id", "review_state", "applied_id"]),
        ];
        create_indexes(manager, "suggestion", &indexes).await
    }
}
