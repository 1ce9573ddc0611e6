//! Verdicts on pairs of suggestions.
//!
//! The rules: a pair is recorded with its run and gets its verdict in the transaction that ends its row. It is deleted
//! with either of its suggestions. Of several verdicts on a pair, the newest counts.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use entity::{
    JsonText, Word, run,
    verdict::{self, Column},
};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::{SqlStore, grouped, nth, runs::MAX_KEYS, transaction::Transaction, trouble::DbResult as _, write};
use crate::{
    domain::{
        Result,
        id::{RunId, SuggestionId},
        judge::{NewJudging, Opinions, Pair, Preference, Verdict, VerdictTally},
        status::RunStatus,
    },
    port::store::JudgingStore,
};

/// Records the pairs of a new run.
pub(super) async fn record(transaction: &Transaction, run: RunId, judging: NewJudging) -> Result<()> {
    let pairs = (1..).zip(judging.pairs).map(|(position, pair)| verdict::ActiveModel {
        run_id: ActiveValue::Set(run.0),
        position: ActiveValue::Set(position),
        first_id: ActiveValue::Set(pair.first.0),
        second_id: ActiveValue::Set(pair.second.0),
        first_run_id: ActiveValue::Set(pair.runs.0.0),
        second_run_id: ActiveValue::Set(pair.runs.1.0),
        outcome: ActiveValue::Set(None),
        opinions: ActiveValue::Set(None),
    });
    write::insert(transaction, pairs).await
}

/// Records the verdict on the pair of a row.
pub(super) async fn write(transaction: &Transaction, run: RunId, position: i32, opinions: &Opinions) -> Result<()> {
    verdict::Entity::update_many()
        .col_expr(Column::Outcome, Expr::value(Word(opinions.outcome())))
        .col_expr(Column::Opinions, Expr::value(JsonText(opinions.clone())))
        .filter(Column::RunId.eq(run.0))
        .filter(Column::Position.eq(position))
        .exec(transaction)
        .await
        .db()?;
    Ok(())
}

fn pair(row: &verdict::Model) -> Pair {
    Pair {
        first: SuggestionId(row.first_id),
        second: SuggestionId(row.second_id),
        runs: (RunId(row.first_run_id), RunId(row.second_run_id)),
    }
}

/// The condition that both suggestions of a pair belong to these runs.
fn within(runs: &[RunId]) -> Condition {
    let ids = || runs.iter().map(|run| run.0);
    Condition::all().add(of_verdict(Column::FirstRunId).is_in(ids())).add(of_verdict(Column::SecondRunId).is_in(ids()))
}

fn of_verdict(column: Column) -> Expr {
    Expr::col((verdict::Entity, column))
}

/// The condition that a verdict is the newest on its pair.
fn is_newest() -> Expr {
    let newer = Alias::new("newer");
    let of_newer = |column: Column| Expr::col((newer.clone(), column));
    let mut later = Query::select();
    later
        .expr(Expr::val(1))
        .from_as(verdict::Entity, newer.clone())
        .and_where(of_newer(Column::FirstId).eq(of_verdict(Column::FirstId)))
        .and_where(of_newer(Column::SecondId).eq(of_verdict(Column::SecondId)))
        .and_where(of_newer(Column::RunId).gt(of_verdict(Column::RunId)))
        .and_where(of_newer(Column::Outcome).is_not_null());
    of_verdict(Column::Outcome).is_not_null().and(Expr::exists(later).not())
}

/// Selects the pairs that a model has judged, or that a run which is not at its end is to judge.
fn judged_by(runs: &[RunId], model: &str, prompts: &str) -> SelectStatement {
    let of_run = |column: run::Column| Expr::col((run::Entity, column));
    let live = RunStatus::ALL.iter().filter(|status| status.is_live()).map(|status| status.as_str());
    let is_judged = of_verdict(Column::Outcome)
        .is_not_null()
        .and(of_run(run::Column::PromptVersion).eq(prompts))
        .or(of_run(run::Column::Status).is_in(live));
    let mut query = Query::select();
    query
        .columns([(verdict::Entity, Column::FirstId), (verdict::Entity, Column::SecondId)])
        .from(verdict::Entity)
        .inner_join(run::Entity, of_run(run::Column::Id).equals((verdict::Entity, Column::RunId)))
        .cond_where(within(runs))
        .and_where(of_run(run::Column::Model).eq(model))
        .and_where(is_judged);
    query
}

#[async_trait]
impl JudgingStore for SqlStore {
    async fn pairs(&self, run: RunId, positions: &[i32]) -> Result<HashMap<i32, Pair>> {
        let mut pairs = HashMap::with_capacity(positions.len());
        for positions in positions.chunks(MAX_KEYS) {
            let rows = verdict::Entity::find()
                .filter(Column::RunId.eq(run.0))
                .filter(Column::Position.is_in(positions.iter().copied()))
                .all(self.read())
                .await
                .db()?;
            pairs.extend(rows.iter().map(|row| (row.position, pair(row))));
        }
        Ok(pairs)
    }

    async fn judged(
        &self,
        runs: &[RunId],
        model: &str,
        prompts: &str,
    ) -> Result<HashSet<(SuggestionId, SuggestionId)>> {
        let rows = self.read().query_all(&judged_by(runs, model, prompts)).await.db()?;
        rows.iter().map(|row| Ok((SuggestionId(nth(row, 0)?), SuggestionId(nth(row, 1)?)))).collect()
    }

    async fn judged_elsewhere(&self, run: RunId, model: &str, prompts: &str) -> Result<HashSet<i32>> {
        let other = Alias::new("other");
        let of_other = |column: Column| Expr::col((other.clone(), column));
        let of_run = |column: run::Column| Expr::col((run::Entity, column));
        let mut judged = Query::select();
        judged
            .expr(Expr::val(1))
            .from_as(verdict::Entity, other.clone())
            .inner_join(run::Entity, of_run(run::Column::Id).equals((other.clone(), Column::RunId)))
            .and_where(of_other(Column::FirstId).eq(of_verdict(Column::FirstId)))
            .and_where(of_other(Column::SecondId).eq(of_verdict(Column::SecondId)))
            .and_where(of_other(Column::RunId).ne(run.0))
            .and_where(of_other(Column::Outcome).is_not_null())
            .and_where(of_run(run::Column::Model).eq(model))
            .and_where(of_run(run::Column::PromptVersion).eq(prompts));
        let mut query = Query::select();
        query
            .column((verdict::Entity, Column::Position))
            .from(verdict::Entity)
            .and_where(of_verdict(Column::RunId).eq(run.0))
            .and_where(of_verdict(Column::Outcome).is_null())
            .and_where(Expr::exists(judged));
        let rows = self.read().query_all(&query).await.db()?;
        rows.iter().map(|row| nth(row, 0)).collect()
    }

    async fn verdicts(&self, firsts: &[SuggestionId]) -> Result<HashMap<SuggestionId, Vec<Verdict>>> {
        let mut found = Vec::new();
        for firsts in firsts.chunks(MAX_KEYS) {
            let rows = verdict::Entity::find()
                .filter(Column::FirstId.is_in(firsts.iter().map(|id| id.0)))
                .filter(is_newest())
                .all(self.read())
                .await
                .db()?;
            found.extend(rows.into_iter().filter_map(|row| {
                let pair = pair(&row);
                let opinions = row.opinions?.0;
                Some((pair.first, Verdict { run_id: RunId(row.run_id), pair, opinions }))
            }));
        }
        Ok(grouped(found))
    }

    async fn verdict_tallies(&self, runs: &[RunId]) -> Result<Vec<VerdictTally>> {
        let query = verdict::Entity::find()
            .select_only()
            .columns([Column::FirstRunId, Column::SecondRunId, Column::Outcome])
            .column_as(Column::Position.count(), "verdicts")
            .filter(within(runs))
            .filter(is_newest())
            .group_by(Column::FirstRunId)
            .group_by(Column::SecondRunId)
            .group_by(Column::Outcome);
        let rows: Vec<(i64, i64, Word<Preference>, i64)> = query.into_tuple().all(self.read()).await.db()?;
        let tally = |(first, second, outcome, count): (i64, i64, Word<Preference>, i64)| VerdictTally {
            runs: (RunId(first), RunId(second)),
            outcome: outcome.0,
            count: u64::try_from(count).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(tally).collect())
    }

    async fn judging_runs(&self, runs: &[RunId]) -> Result<Vec<RunId>> {
        let mut query = Query::select();
        query
            .distinct()
            .column((verdict::Entity, Column::RunId))
            .from(verdict::Entity)
            .cond_where(within(runs))
            .order_by((verdict::Entity, Column::RunId), sea_orm::Order::Asc);
        let rows = self.read().query_all(&query).await.db()?;
        rows.iter().map(|row| Ok(RunId(nth(row, 0)?))).collect()
    }
}
