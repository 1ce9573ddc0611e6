//! Model usage, summed per quarter of an hour.
//!
//! The rule: the transaction that records a change of a run adds its usage, and its start, to the sums. Reports read
//! only the sums, so a deleted run stays counted.

use async_trait::async_trait;
use entity::{
    Millis, run,
    usage_tally::{self, Column},
};
use sea_orm::{
    ActiveValue, ConnectionTrait, EntityTrait, QueryResult,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement},
};

use super::{SqlStore, nth, record, transaction::Transaction, trouble::DbResult as _};
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        usage::{QUARTER_MS, Usage, UsageSum},
    },
    port::store::{ModelUsage, UsageStore},
};

/// The columns that are summed. `sum_of` reads them in this order.
const SUMS: [Column; 11] = [
    Column::Runs,
    Column::InputTokens,
    Column::OutputTokens,
    Column::ModelMs,
    Column::Requests,
    Column::Retries,
    Column::Repeats,
    Column::Unpriced,
    Column::CachedInputTokens,
    Column::CacheWriteTokens,
    Column::CostUsd,
];

/// Adds the usage of a change of a run. `before` is `None` for a new run.
pub(super) async fn follow(
    transaction: &Transaction,
    before: Option<&run::Model>,
    after: &run::Model,
    at: Moment,
) -> Result<()> {
    let of = |value: fn(&run::Model) -> i64| value(after) - before.map_or(0, value);
    let started = of(|run| i64::from(run.started_at.is_some()));
    let requests = of(|run| i64::from(run.requests) + i64::from(run.retries) + run.input_tokens + run.output_tokens);
    if started == 0 && requests == 0 {
        return Ok(());
    }
    let cost = after.cost_usd.map(|cost| cost - before.and_then(|before| before.cost_usd).unwrap_or_default());
    let millis = record::millis(at);
    let row = usage_tally::ActiveModel {
        quarter: ActiveValue::Set(millis - millis.rem_euclid(QUARTER_MS)),
        provider: ActiveValue::Set(after.provider.map(|provider| provider.0.as_str().to_owned()).unwrap_or_default()),
        model: ActiveValue::Set(after.model.clone().unwrap_or_default()),
        runs: ActiveValue::Set(started),
        input_tokens: ActiveValue::Set(of(|run| run.input_tokens)),
        cached_input_tokens: ActiveValue::Set(of(|run| run.cached_input_tokens)),
        cache_write_tokens: ActiveValue::Set(of(|run| run.cache_write_tokens)),
        output_tokens: ActiveValue::Set(of(|run| run.output_tokens)),
        cost_usd: ActiveValue::Set(cost.unwrap_or_default()),
        unpriced: ActiveValue::Set(i64::from(cost.is_none() && requests > 0)),
        model_ms: ActiveValue::Set(of(|run| run.model_ms)),
        requests: ActiveValue::Set(of(|run| i64::from(run.requests))),
        retries: ActiveValue::Set(of(|run| i64::from(run.retries))),
        repeats: ActiveValue::Set(of(|run| i64::from(run.repeats))),
    };
    let mut add = OnConflict::columns([Column::Quarter, Column::Provider, Column::Model]);
    for column in SUMS {
        add.value(column, Expr::col((usage_tally::Entity, column)).add(Expr::col(("excluded", column))));
    }
    usage_tally::Entity::insert(row).on_conflict(add).exec_without_returning(transaction).await.db()?;
    Ok(())
}

/// Selects the sums from a moment on, or all if it is `None`.
fn sums(from: Option<Moment>) -> SelectStatement {
    let mut query = Query::select();
    query.from(usage_tally::Entity);
    if let Some(from) = from {
        query.and_where(Expr::col(Column::Quarter).gte(Millis(from)));
    }
    for column in SUMS {
        let sum = Expr::col(column).sum().if_null(0);
        query.expr(if matches!(column, Column::CostUsd) { sum } else { sum.cast_as("bigint") });
    }
    query
}

/// Reads the sums of a row, which come first in it.
fn sum_of(row: &QueryResult) -> Result<UsageSum> {
    let whole = |at: usize| nth::<i64>(row, at);
    let small = |at: usize| whole(at).map(|count| i32::try_from(count).unwrap_or(i32::MAX));
    let cost: f64 = nth(row, 10)?;
    let usage = Usage {
        input_tokens: whole(1)?,
        cached_input_tokens: whole(8)?,
        cache_write_tokens: whole(9)?,
        output_tokens: whole(2)?,
        cost_usd: Some(cost).filter(|_| whole(7).is_ok_and(|unpriced| unpriced == 0)),
        model_ms: whole(3)?,
        requests: small(4)?,
        retries: small(5)?,
        repeats: small(6)?,
    };
    Ok(UsageSum { runs: whole(0)?, usage })
}

#[async_trait]
impl UsageStore for SqlStore {
    async fn usage_by_model(&self, from: Option<Moment>) -> Result<Vec<ModelUsage>> {
        let query = sums(from)
            .columns([Column::Provider, Column::Model])
            .group_by_columns([Column::Provider, Column::Model])
            .take();
        let mut found = Vec::new();
        for row in self.read().query_all(&query).await.db()? {
            let (provider, model): (String, String) = (nth(&row, SUMS.len())?, nth(&row, SUMS.len() + 1)?);
            let provider = Some(provider).filter(|provider| !provider.is_empty());
            let provider = provider.map(|provider| provider.parse()).transpose().map_err(Error::internal)?;
            found.push(ModelUsage { provider, model, sum: sum_of(&row)? });
        }
        Ok(found)
    }

    async fn usage_by_quarter(&self, from: Option<Moment>) -> Result<Vec<(Moment, UsageSum)>> {
        let query = sums(from).column(Column::Quarter).group_by_col(Column::Quarter).take();
        let rows = self.read().query_all(&query).await.db()?;
        rows.iter().map(|row| Ok((nth::<Millis>(row, SUMS.len())?.0, sum_of(row)?))).collect()
    }
}
