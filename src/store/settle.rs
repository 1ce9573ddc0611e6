//! Counts what the suggestions of runs still need, and moves the runs between `READY_FOR_REVIEW` and SUCCESS.
//!
//! The rule: only runs whose status could change are counted, and their texts are compared only if all suggestions are
//! decided.

use std::collections::HashMap;

use entity::suggestion::{self, Column};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{items, runs::MAX_KEYS, transaction::Transaction, trouble::DbResult as _, write};
use crate::domain::{
    Result,
    apply::Unsettled,
    clock::Moment,
    id::RunId,
    run::{Run, RunEdit},
    status::RunStatus,
    suggestion::ReviewState,
};

/// Counts the suggestions that match, by run. Runs without any are missing.
async fn counts(
    connection: &impl ConnectionTrait,
    runs: &[i64],
    condition: impl Fn() -> Condition,
) -> Result<HashMap<i64, i64>, DbErr> {
    let mut counts = HashMap::new();
    for runs in runs.chunks(MAX_KEYS) {
        let found: Vec<(i64, i64)> = suggestion::Entity::find()
            .select_only()
            .column(Column::RunId)
            .column_as(Column::Id.count(), "count")
            .filter(Column::RunId.is_in(runs.iter().copied()))
            .filter(condition())
            .group_by(Column::RunId)
            .into_tuple()
            .all(connection)
            .await?;
        counts.extend(found);
    }
    Ok(counts)
}

fn undecided() -> Condition {
    Condition::all().add(Column::ReviewState.eq(ReviewState::Unreviewed.as_str()))
}

/// Returns what the suggestions of a run still need.
pub(super) async fn unsettled(connection: &impl ConnectionTrait, run: RunId) -> Result<Unsettled, DbErr> {
    let of = |counts: HashMap<i64, i64>| counts.get(&run.0).copied().unwrap_or_default();
    Ok(Unsettled {
        undecided: of(counts(connection, &[run.0], undecided).await?),
        unapplied: of(counts(connection, &[run.0], items::unapplied).await?),
    })
}

/// Updates the status of runs whose suggestions `actor` decided on. Sends a nudge for each run, because its review
/// counts changed.
pub(super) async fn settle(transaction: &Transaction, runs: Vec<Run>, actor: &str, at: Moment) -> Result<()> {
    let settles = |run: &Run| matches!(run.status, RunStatus::ReadyForReview | RunStatus::Success);
    let following: Vec<i64> = runs.iter().filter(|run| settles(run)).map(|run| run.id.0).collect();
    let undecided = counts(transaction, &following, undecided).await.db()?;
    // Comparing texts is the expensive part, and most runs still have undecided suggestions.
    let decided: Vec<i64> = following.into_iter().filter(|id| !undecided.contains_key(id)).collect();
    let unapplied = counts(transaction, &decided, items::unapplied).await.db()?;
    for run in runs {
        let needs = Unsettled {
            undecided: undecided.get(&run.id.0).copied().unwrap_or_default(),
            unapplied: unapplied.get(&run.id.0).copied().unwrap_or_default(),
        };
        let mut edit = RunEdit::new(run, at);
        edit.actor = Some(actor.to_owned());
        edit.settle(needs)?;
        if !edit.events.is_empty() {
            write::edit(transaction, &edit).await?;
        }
        transaction.nudges.run(edit.run.id, edit.before(), Some(&edit.run));
    }
    Ok(())
}
