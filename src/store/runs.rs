//! Runs: recording, changing, claiming, deleting. `run_list.rs` has the lists.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use entity::{JsonText, Millis, idempotency_key, run, run_row, worker};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};

use super::{
    SqlStore, ask, catalog, comparisons, dialect, events, identity, judging, prune, record, run_list,
    transaction::Transaction, trouble::DbResult as _, write,
};
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        event::{RunEvent, RunEventType},
        filter::{RunFilter, RunOrder},
        id::RunId,
        page::{Page, PageEnds, PageRequest},
        retention::{PruneCounts, PruneOrder},
        run::{CellPage, NewRun, Row, Run, RunColumn, RunCounts, RunEdit, Waiting},
        status::{RunKind, RunStatus},
    },
    port::store::{Change, Idempotency, PruneStep, Queue, RunStore},
};

/// The statuses in which a worker holds a run.
pub(super) const HELD: [RunStatus; 3] = [RunStatus::Running, RunStatus::Cancelling, RunStatus::Applying];
/// Maximum number of keys in one statement.
pub(super) const MAX_KEYS: usize = 1_000;

pub(super) fn spellings(statuses: &[RunStatus]) -> impl Iterator<Item = &'static str> {
    statuses.iter().map(|status| status.as_str())
}

/// Matches runs that were ordered to apply and that no worker has claimed yet: they have neither worker nor lease. A
/// run whose process died still has a lease, which has expired.
fn ordered_to_apply() -> Condition {
    Condition::all()
        .add(run::Column::Status.eq(RunStatus::Applying.as_str()))
        .add(run::Column::WorkerId.is_null())
        .add(run::Column::LeaseUntil.is_null())
}

/// Returns a run, or `NotFound`.
pub(super) async fn find(connection: &impl ConnectionTrait, id: RunId) -> Result<Run> {
    let row = run::Entity::find_by_id(id.0).one(connection).await.db()?;
    row.map(record::run).ok_or_else(|| Error::not_found(format!("no run has the number {id}")))
}

pub(super) async fn find_all(connection: &impl ConnectionTrait, ids: &[RunId]) -> Result<HashMap<RunId, Run>, DbErr> {
    let mut runs = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(MAX_KEYS) {
        let rows = run::Entity::find().filter(run::Column::Id.is_in(ids.iter().map(|id| id.0))).all(connection).await?;
        runs.extend(rows.into_iter().map(|row| (RunId(row.id), record::run(row))));
    }
    Ok(runs)
}

/// Returns the runs that were created with an idempotency key. Refuses a key that was used for another request or whose
/// runs were deleted.
pub(super) async fn runs_of_key(
    connection: &impl ConnectionTrait,
    idempotency: &Idempotency,
) -> Result<Option<Vec<Run>>> {
    let Idempotency { key, fingerprint } = idempotency;
    let Some(known) = idempotency_key::Entity::find_by_id(key.clone()).one(connection).await.db()? else {
        return Ok(None);
    };
    if known.fingerprint != *fingerprint {
        let message = "the idempotency key was used for a different request; use a new key";
        return Err(Error::conflict(message));
    }
    let ids = known.run_ids.0;
    let mut runs = find_all(connection, &ids).await.db()?;
    if runs.len() < ids.len() {
        let message = "the runs of this idempotency key have been deleted; use a new key to start new ones";
        return Err(Error::conflict(message));
    }
    Ok(Some(ids.iter().filter_map(|id| runs.remove(id)).collect()))
}

/// Returns the next run to claim, of all or of `only`: the oldest waiting run of the starter with the fewest runs in
/// progress. This way a long queue of one starter does not hold up the others.
async fn next_in_turn(connection: &impl ConnectionTrait, only: Option<&[RunId]>) -> Result<Option<RunId>, DbErr> {
    let waits = Condition::any().add(run::Column::Status.eq(RunStatus::Queued.as_str())).add(ordered_to_apply());
    let waits =
        Condition::all().add(waits).add_option(only.map(|ids| run::Column::Id.is_in(ids.iter().map(|id| id.0))));
    let oldest: Vec<(String, i64)> = run::Entity::find()
        .select_only()
        .column(run::Column::StartedBy)
        .column_as(run::Column::Id.min(), "oldest")
        .filter(waits)
        .group_by(run::Column::StartedBy)
        .into_tuple()
        .all(connection)
        .await?;
    if oldest.len() < 2 {
        return Ok(oldest.first().map(|(_, id)| RunId(*id)));
    }
    let at_work: Vec<(String, i64)> = run::Entity::find()
        .select_only()
        .column(run::Column::StartedBy)
        .column_as(run::Column::Id.count(), "runs")
        .filter(run::Column::Status.is_in(spellings(&HELD)))
        .filter(run::Column::WorkerId.is_not_null())
        .group_by(run::Column::StartedBy)
        .into_tuple()
        .all(connection)
        .await?;
    let at_work: HashMap<String, i64> = at_work.into_iter().collect();
    let turn = |(started_by, id): &(String, i64)| (at_work.get(started_by).copied().unwrap_or_default(), *id);
    Ok(oldest.iter().min_by_key(|it| turn(it)).map(|(_, id)| RunId(*id)))
}

async fn queued_runs_of(connection: &impl ConnectionTrait, started_by: &str) -> Result<i64, DbErr> {
    let queued = run::Entity::find()
        .filter(run::Column::Status.eq(RunStatus::Queued.as_str()))
        .filter(run::Column::StartedBy.eq(started_by));
    Ok(i64::try_from(queued.count(connection).await?).unwrap_or(i64::MAX))
}

/// Records runs and their idempotency key inside a transaction.
pub(super) async fn record_all(
    transaction: &Transaction,
    runs: Vec<NewRun>,
    idempotency: Option<Idempotency>,
    at: Moment,
) -> Result<Vec<Run>> {
    for turn in runs.iter().filter_map(|run| run.turn.as_ref()) {
        ask::may_be_asked(transaction, turn).await?;
    }
    let ids = dialect::next_run_ids(transaction, runs.len()).await?;
    let mut recorded = Vec::with_capacity(runs.len());
    for (id, new) in ids.into_iter().zip(runs) {
        let identity = identity::inherited(transaction, &new.spec).await.db()?;
        let (turn, judging) = (new.turn.clone(), new.judging.clone());
        let edit = RunEdit::created(RunId(id), new, identity, at);
        write::edit(transaction, &edit).await?;
        if let Some(turn) = turn {
            ask::record(transaction, edit.run.id, turn, at).await?;
        }
        if let Some(judging) = judging {
            judging::record(transaction, edit.run.id, judging).await?;
        }
        recorded.push(edit.run);
    }
    if let Some(Idempotency { key, fingerprint }) = idempotency {
        let ids: Vec<RunId> = recorded.iter().map(|run| run.id).collect();
        let row = idempotency_key::ActiveModel {
            key: ActiveValue::Set(key),
            fingerprint: ActiveValue::Set(fingerprint),
            run_ids: ActiveValue::Set(JsonText(ids)),
            created_at: ActiveValue::Set(Millis(at)),
        };
        write::insert(transaction, [row]).await?;
    }
    Ok(recorded)
}

async fn record_runs(
    transaction: Transaction,
    runs: Vec<NewRun>,
    idempotency: Option<Idempotency>,
    at: Moment,
) -> Result<Vec<Run>> {
    if let Some(idempotency) = &idempotency
        && let Some(known) = runs_of_key(&transaction, idempotency).await?
    {
        return Ok(known);
    }
    check_queue(&transaction, runs.iter().map(|run| run.spec.started_by.as_str())).await?;
    let recorded = record_all(&transaction, runs, idempotency, at).await?;
    transaction.commit().await?;
    Ok(recorded)
}

/// Refuses runs beyond the queue limit of their starter, so that other starters get their turn. `starters` names the
/// starter of each run to be queued.
pub(super) async fn check_queue(transaction: &Transaction, starters: impl IntoIterator<Item = &str>) -> Result<()> {
    let most = transaction.store.queue_limit;
    let mut new: HashMap<&str, i64> = HashMap::new();
    for started_by in starters {
        *new.entry(started_by).or_default() += 1;
    }
    for (started_by, more) in new {
        let queued = queued_runs_of(transaction, started_by).await.db()?;
        if queued + more > most {
            return Err(Error::limit(format!(
                "{started_by:?} has {queued} queued runs and requested {more} more; the limit is {most}: wait until \
                 some have started, or cancel some"
            )));
        }
    }
    Ok(())
}

/// Changes a run in the transaction that read it, and commits that transaction.
pub(super) async fn change(
    transaction: Transaction,
    run: Run,
    fence: Option<i32>,
    at: Moment,
    change: Change,
) -> Result<Run> {
    if fence.is_some_and(|attempt| !run.is_held_in(attempt)) {
        return Err(Error::conflict(format!(
            "run #{} is {} in attempt {}: the claim was lost",
            run.id,
            run.status.as_str(),
            run.attempt
        )));
    }
    let at_work = run.status == RunStatus::Queued || HELD.contains(&run.status);
    let mut edit = RunEdit::new(run, at);
    change(&mut edit)?;
    if edit.run.status == RunStatus::Queued && !at_work {
        check_queue(&transaction, [edit.run.spec.started_by.as_str()]).await?;
    }
    if edit.is_empty() {
        return Ok(edit.run);
    }
    edit.keep_time();
    write::edit(&transaction, &edit).await?;
    transaction.commit().await?;
    Ok(edit.run)
}

/// Deletes ended runs in the transaction, and commits it.
pub(super) async fn remove(transaction: Transaction, ids: Vec<RunId>) -> Result<()> {
    let runs = find_all(&transaction, &ids).await.db()?;
    for id in &ids {
        let run = runs.get(id).ok_or_else(|| Error::not_found(format!("no run has the number {id}")))?;
        if run.status.is_live() {
            let status = run.status.as_str();
            return Err(Error::conflict(format!("run #{id} is {status}; cancel it and wait for its end first")));
        }
        transaction.nudges.run(*id, Some(run), None);
    }
    let described = catalog::described_by_runs(&transaction, &ids).await?;
    for ids in ids.chunks(MAX_KEYS) {
        comparisons::forget(&transaction, ids).await.db()?;
        let these = run::Column::Id.is_in(ids.iter().map(|id| id.0));
        run::Entity::delete_many().filter(these).exec(&transaction).await.db()?;
    }
    catalog::describe_again(&transaction, &described).await.db()?;
    if runs.values().any(|run| run.spec.kind == RunKind::Ask) {
        ask::remove_empty_sessions(&transaction).await.db()?;
    }
    transaction.commit().await
}

#[async_trait]
impl RunStore for SqlStore {
    async fn create_runs(&self, runs: Vec<NewRun>, idempotency: Option<Idempotency>, at: Moment) -> Result<Vec<Run>> {
        self.transact(move |transaction| record_runs(transaction, runs, idempotency, at)).await
    }

    async fn change_run(&self, id: RunId, fence: Option<i32>, at: Moment, change: Change) -> Result<Run> {
        self.transact(move |transaction| async move {
            let run = find(&transaction, id).await?;
            self::change(transaction, run, fence, at, change).await
        })
        .await
    }

    async fn claim_next(
        &self,
        worker_id: &str,
        only: Option<&[RunId]>,
        at: Moment,
        lease: Duration,
    ) -> Result<Option<Run>> {
        // Every process looks for work at each nudge. Most find none, and should not take the write lock for that.
        if next_in_turn(self.read(), only).await.db()?.is_none() {
            return Ok(None);
        }
        let (worker_id, only) = (worker_id.to_owned(), only.map(<[RunId]>::to_vec));
        let lease_until = at + lease;
        self.transact(move |transaction| async move {
            let Some(next) = next_in_turn(&transaction, only.as_deref()).await.db()? else { return Ok(None) };
            let run = find(&transaction, next).await?;
            let claim: Change = Box::new(move |edit| edit.claim(&worker_id, lease_until));
            self::change(transaction, run, None, at, claim).await.map(Some)
        })
        .await
    }

    async fn renew(&self, worker_id: &str, runs: &[RunId], at: Moment, lease: Duration) -> Result<()> {
        let (worker_id, runs) = (worker_id.to_owned(), runs.to_vec());
        self.transact(move |transaction| async move {
            run::Entity::update_many()
                .col_expr(run::Column::LeaseUntil, Expr::value(Millis(at + lease)))
                .filter(run::Column::WorkerId.eq(&worker_id))
                .filter(run::Column::Id.is_in(runs.iter().map(|id| id.0)))
                .filter(run::Column::Status.is_in(spellings(&HELD)))
                .exec(&transaction)
                .await
                .db()?;
            worker::Entity::update_many()
                .col_expr(worker::Column::LastSeenAt, Expr::value(Millis(at)))
                .filter(worker::Column::Id.eq(&worker_id))
                .exec(&transaction)
                .await
                .db()?;
            transaction.commit().await
        })
        .await
    }

    async fn runs_of_key(&self, idempotency: &Idempotency) -> Result<Option<Vec<Run>>> {
        runs_of_key(self.read(), idempotency).await
    }

    async fn orphans(&self, at: Moment) -> Result<Vec<RunId>> {
        let ran_out = run::Column::LeaseUntil.lt(Millis(at));
        let lost = Condition::any().add(run::Column::LeaseUntil.is_null()).add(ran_out);
        let lost = Condition::all().add(lost).add(ordered_to_apply().not());
        let ids: Vec<i64> = run::Entity::find()
            .select_only()
            .column(run::Column::Id)
            .filter(run::Column::Status.is_in(spellings(&HELD)))
            .filter(lost)
            .order_by_asc(run::Column::Id)
            .into_tuple()
            .all(self.read())
            .await
            .db()?;
        Ok(ids.into_iter().map(RunId).collect())
    }

    async fn runs_by_id(&self, ids: &[RunId]) -> Result<HashMap<RunId, Run>> {
        find_all(self.read(), ids).await.db()
    }

    async fn runs_page(&self, filter: &RunFilter, order: RunOrder, page: &PageRequest) -> Result<Page<Run>> {
        run_list::whole_page(self.read(), filter, order, page, &self.planner).await
    }

    async fn run_cells(
        &self,
        filter: &RunFilter,
        order: RunOrder,
        page: &PageRequest,
        columns: &[RunColumn],
        ends: PageEnds,
    ) -> Result<CellPage> {
        run_list::cell_page(self, filter, order, (page, ends), columns).await
    }

    async fn runs_count(&self, filter: &RunFilter) -> Result<i64> {
        run_list::count(self, filter).await
    }

    async fn run_counts(&self, filter: &RunFilter) -> Result<RunCounts> {
        run_list::counts(self, filter).await
    }

    async fn run_ids(&self, filter: &RunFilter, statuses: &[RunStatus]) -> Result<Vec<RunId>> {
        run_list::ids(self.read(), filter, statuses).await
    }

    async fn delete_runs(&self, ids: &[RunId]) -> Result<()> {
        let ids = ids.to_vec();
        self.transact(|transaction| remove(transaction, ids)).await
    }

    async fn prune_counts(&self, order: &PruneOrder) -> Result<PruneCounts> {
        prune::counts(self, order).await
    }

    async fn prune_step(&self, order: &PruneOrder, after: RunId) -> Result<Option<PruneStep>> {
        prune::step(self, order, after).await
    }

    async fn queue(&self) -> Result<Queue> {
        let queued = run::Entity::find()
            .select_only()
            .columns([run::Column::CreatedAt, run::Column::Waiting])
            .filter(run::Column::Status.eq(RunStatus::Queued.as_str()))
            .order_by_asc(run::Column::Id)
            .limit(MAX_KEYS as u64)
            .into_tuple();
        let queued: Vec<(Millis, Option<JsonText<Waiting>>)> = queued.all(self.read()).await.db()?;
        // A resumed run was created long ago.
        let since = queued.into_iter().map(|(created, waiting)| waiting.map_or(created.0, |waiting| waiting.0.since));
        let ends = run::Entity::find()
            .select_only()
            .column_as(run::Column::LeaseUntil.min(), "ends")
            .filter(run::Column::Status.is_in(spellings(&HELD)))
            .filter(run::Column::WorkerId.is_not_null());
        let ends: Option<Option<i64>> = ends.into_tuple().one(self.read()).await.db()?;
        let lease_ends = ends.flatten().and_then(Moment::from_timestamp_millis);
        Ok(Queue { waiting_since: since.min(), lease_ends })
    }

    async fn pending_rows(&self, id: RunId, after_position: i32, limit: u64) -> Result<Vec<Row>> {
        let rows = run_row::Entity::find()
            .filter(run_row::Column::RunId.eq(id.0))
            .filter(run_row::Column::Status.eq(write::PENDING))
            .filter(run_row::Column::Position.gt(after_position))
            .order_by_asc(run_row::Column::Position)
            .limit(limit)
            .all(self.read())
            .await
            .db()?;
        Ok(rows.into_iter().map(record::row).collect())
    }

    async fn events_after(&self, id: RunId, after: i32, limit: u64) -> Result<Vec<RunEvent>> {
        events::after(self.read(), id, after, limit).await
    }

    async fn events_page(
        &self,
        id: RunId,
        types: Option<&[RunEventType]>,
        page: &PageRequest,
    ) -> Result<Page<RunEvent>> {
        events::page(self.read(), id, types, page).await
    }
}
