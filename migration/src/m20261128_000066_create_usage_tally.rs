//! Creates the usage of models per quarter of an hour. Deleting a run keeps its usage, which has been paid for.

use sea_orm_migration::prelude::*;

use super::{columns, create_table, execute};
use sea_orm_migration::schema::{big_integer, double};

/// The usage of existing runs counts in the quarter of an hour in which they started.
const FILL: &str = "INSERT INTO usage_tally
        (quarter, provider, model, runs, input_tokens, output_tokens, cost_usd, unpriced, model_ms, requests, retries)
    SELECT started_at / 900000 * 900000, coalesce(provider, ''), coalesce(model, ''), count(*), sum(input_tokens),
        sum(output_tokens), sum(coalesce(cost_usd, 0)), sum(CASE WHEN cost_usd IS NULL THEN 1 ELSE 0 END),
        sum(model_ms), sum(requests), sum(retries)
    FROM run WHERE started_at IS NOT NULL GROUP BY 1, 2, 3";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("usage_tally").col(big_integer("quarter"));
        let blocks = [
            columns(&["provider", "model"], ColumnDef::text),
            columns(
                &["runs", "input_tokens", "output_tokens", "unpriced", "model_ms", "requests", "retries"],
                ColumnDef::big_integer,
            ),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.col(double("cost_usd"));
        table.primary_key(Index::create().col("quarter").col("provider").col("model"));
        create_table(manager, table).await?;
        execute(manager, &[FILL], &[FILL]).await
    }
}
