//! Schedules: recording, changing, listing and firing.
//!
//! The rule: a firing is taken in the transaction that records its run, and only if the schedule is unchanged since it
//! was read. So each firing has one run, however many processes look for due schedules.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::TimeDelta;
use entity::{JsonText, Millis, db_profile, llm_profile, run, run_row, schedule, schedule_asset, schedule_firing};
use schedule::Column;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    Iterable, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement},
};

use super::{
    SqlStore,
    keyset::{self, KeyType, Keyset},
    number, record,
    runs::{self, MAX_KEYS, spellings},
    transaction::Transaction,
    trouble::DbResult as _,
    write,
};
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        filter::OrderDirection,
        id::ScheduleId,
        page::{Cursor, CursorPart, Page, PageRequest},
        run::{Row, RowOutcome, Run, RunError},
        schedule::{Firing, LIST, NewSchedule, Outcome, Schedule, ScheduleFilter, ScheduleStatus},
        status::RunStatus,
    },
    port::store::{ScheduleChange, ScheduleStore},
};

/// How long firings are remembered, so that none is repeated after the clock was set back.
const REMEMBERED: TimeDelta = TimeDelta::days(7);
/// Number of firings per schedule that are kept regardless of age. A clock that jumps forward makes all of them look
/// old.
const ALWAYS_REMEMBERED: u64 = 100;
/// The statuses in which a run will still process its pending rows.
const UNDER_WAY: [RunStatus; 2] = [RunStatus::Queued, RunStatus::Running];

fn unknown() -> Error {
    Error::not_found("this schedule does not exist; it may have been deleted")
}

async fn find(connection: &impl ConnectionTrait, id: ScheduleId) -> Result<Option<Schedule>> {
    let row = schedule::Entity::find_by_id(id.0).one(connection).await.db()?;
    row.map(record::schedule).transpose()
}

/// Refuses a schedule if one of its profiles was deleted meanwhile.
async fn profiles_exist(transaction: &Transaction, schedule: &Schedule) -> Result<()> {
    let gone = |argument: &str, noun: &str| {
        Error::not_found_at(argument, format!("this {noun} has just been deleted; choose another"))
    };
    let db_profile = db_profile::Entity::find_by_id(schedule.settings.db_profile_id.0);
    if db_profile.one(transaction).await.db()?.is_none() {
        return Err(gone("input.target.dbProfileId", "DB profile"));
    }
    if let Some(id) = schedule.settings.llm_profile_id
        && llm_profile::Entity::find_by_id(id.0).one(transaction).await.db()?.is_none()
    {
        return Err(gone("input.llmProfileId", "LLM profile"));
    }
    Ok(())
}

async fn update(transaction: &Transaction, schedule: &Schedule) -> Result<()> {
    let row = record::schedule_model(schedule).into_active_model().reset_all();
    schedule::Entity::update(row).exec(transaction).await.db()?;
    transaction.nudges.schedules();
    Ok(())
}

/// Refuses to delete a profile that a schedule uses.
pub(super) async fn nobody_names(
    connection: &impl ConnectionTrait,
    noun: &str,
    column: Column,
    profile: i64,
) -> Result<()> {
    let user: Option<String> = schedule::Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(column.eq(profile))
        .order_by_asc(Column::Id)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await
        .db()?;
    match user {
        Some(name) => Err(Error::conflict(format!(
            "the schedule {name:?} uses this {noun}; delete the schedule, or change its profile with `updateSchedule`, \
             then delete the profile"
        ))),
        None => Ok(()),
    }
}

/// Updates a schedule from its newest run: its error, or that it had none, and the database that it describes.
pub(super) async fn follow(transaction: &Transaction, before: &Run, run: &Run) -> Result<(), DbErr> {
    let Some(id) = run.spec.schedule_id else { return Ok(()) };
    if run.identity != before.identity {
        identify(transaction, run).await?;
    }
    let error = match run.status {
        status if status == before.status => return Ok(()),
        // A run that is READY_FOR_REVIEW has an error if it was described but could not be written.
        RunStatus::Failed | RunStatus::Paused | RunStatus::ReadyForReview | RunStatus::Success => run.error.as_ref(),
        _ => return Ok(()),
    };
    schedule::Entity::update_many()
        .col_expr(Column::LastError, Expr::value(error.cloned().map(JsonText)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::LastRunId.eq(run.id.0))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Records which database the runs of a schedule describe.
async fn identify(transaction: &Transaction, run: &Run) -> Result<(), DbErr> {
    let Some((id, profile)) = run.spec.schedule_id.zip(run.spec.db_profile_id) else { return Ok(()) };
    schedule::Entity::update_many()
        .col_expr(Column::Identity, Expr::value(run.identity.clone().map(JsonText)))
        .filter(Column::Id.eq(id.0))
        .filter(Column::DbProfileId.eq(profile.0))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Records the rows that a schedule's run has processed, so that they count as seen.
pub(super) async fn mark_seen(transaction: &Transaction, run: &Run, outcomes: &[(Row, RowOutcome)]) -> Result<()> {
    let Some((id, profile)) = run.spec.schedule_id.zip(run.spec.db_profile_id) else { return Ok(()) };
    let mut rows = Vec::new();
    for (row, outcome) in outcomes {
        if let (RowOutcome::Done { .. } | RowOutcome::Skipped, Some(fingerprint)) = (outcome, &row.fingerprint) {
            rows.push(schedule_asset::ActiveModel {
                schedule_id: ActiveValue::Set(id.0),
                asset: ActiveValue::Set(record::asset_key(&row.asset)?),
                fingerprint: ActiveValue::Set(fingerprint.clone()),
            });
        }
    }
    // The schedule may have been deleted or moved to another database meanwhile.
    let mine = schedule::Entity::find_by_id(id.0).filter(Column::DbProfileId.eq(profile.0));
    if rows.is_empty() || mine.one(transaction).await.db()?.is_none() {
        return Ok(());
    }
    let key = [schedule_asset::Column::ScheduleId, schedule_asset::Column::Asset];
    let renewed = OnConflict::columns(key).update_column(schedule_asset::Column::Fingerprint).to_owned();
    for rows in rows.chunks(MAX_KEYS) {
        let insert = schedule_asset::Entity::insert_many(rows.to_vec()).on_conflict(renewed.clone());
        insert.exec_without_returning(transaction).await.db()?;
    }
    Ok(())
}

/// Returns the rows of a scope that no run of the schedule has processed in their current form or is about to process.
/// Forgets assets that the scope no longer holds.
async fn changed(transaction: &Transaction, id: ScheduleId, found: Vec<Row>) -> Result<Vec<Row>> {
    let seen = schedule_asset::Entity::find()
        .filter(schedule_asset::Column::ScheduleId.eq(id.0))
        .all(transaction)
        .await
        .db()?
        .into_iter()
        .map(|row| (row.asset, row.fingerprint));
    let mut seen: HashMap<String, String> = seen.collect();
    let mut keyed = Vec::with_capacity(found.len());
    for row in found {
        keyed.push((record::asset_key(&row.asset)?, row));
    }
    let there: HashSet<&str> = keyed.iter().map(|(key, _)| key.as_str()).collect();
    let gone: Vec<String> = seen.keys().filter(|key| !there.contains(key.as_str())).cloned().collect();
    for gone in gone.chunks(MAX_KEYS) {
        schedule_asset::Entity::delete_many()
            .filter(schedule_asset::Column::ScheduleId.eq(id.0))
            .filter(schedule_asset::Column::Asset.is_in(gone))
            .exec(transaction)
            .await
            .db()?;
    }
    for row in rows_under_way(transaction, id).await.db()? {
        if let Some(fingerprint) = row.fingerprint {
            seen.insert(record::asset_key(&row.asset)?, fingerprint);
        }
    }
    let is_new = |(key, row): &(String, Row)| seen.get(key) != row.fingerprint.as_ref();
    let changed = keyed.into_iter().filter(is_new).map(|(_, row)| row);
    Ok((1..).zip(changed).map(|(position, row)| Row { position, ..row }).collect())
}

/// Returns the pending rows of a schedule's unfinished runs.
async fn rows_under_way(transaction: &Transaction, id: ScheduleId) -> Result<Vec<Row>, DbErr> {
    let mut runs = Query::select();
    runs.column(run::Column::Id)
        .from(run::Entity)
        .and_where(Expr::col(run::Column::ScheduleId).eq(id.0))
        .and_where(Expr::col(run::Column::Status).is_in(spellings(&UNDER_WAY)));
    let rows = run_row::Entity::find()
        .filter(run_row::Column::RunId.in_subquery(runs))
        .filter(run_row::Column::Status.eq(write::PENDING))
        .all(transaction)
        .await?;
    Ok(rows.into_iter().map(record::row).collect())
}

/// Returns whether a firing was taken before, as happens after the clock was set back.
async fn has_fired(transaction: &Transaction, id: ScheduleId, due_at: Option<Moment>) -> Result<bool, DbErr> {
    let Some(due_at) = due_at else { return Ok(false) };
    let firing = schedule_firing::Entity::find_by_id((id.0, record::millis(due_at)));
    Ok(firing.one(transaction).await?.is_some())
}

/// Deletes firings that cannot be repeated any more.
async fn forget_firings(transaction: &Transaction, id: ScheduleId, at: Moment) -> Result<(), DbErr> {
    let mine = schedule_firing::Column::ScheduleId.eq(id.0);
    let oldest_kept: Option<i64> = schedule_firing::Entity::find()
        .select_only()
        .column(schedule_firing::Column::DueAt)
        .filter(mine.clone())
        .order_by_desc(schedule_firing::Column::DueAt)
        .offset(ALWAYS_REMEMBERED)
        .limit(1)
        .into_tuple()
        .one(transaction)
        .await?;
    if let Some(oldest_kept) = oldest_kept {
        let before = Ord::min(oldest_kept, record::millis(at - REMEMBERED));
        let old = schedule_firing::Column::DueAt.lt(before);
        schedule_firing::Entity::delete_many().filter(mine).filter(old).exec(transaction).await?;
    }
    Ok(())
}

/// Selects the schedules whose next firing was planned at a time after `at`, so the clock was set back since.
fn planned_later(at: Moment) -> sea_orm::Select<schedule::Entity> {
    let pending = [ScheduleStatus::Active, ScheduleStatus::Missed].map(ScheduleStatus::as_str);
    schedule::Entity::find()
        .filter(Column::Status.is_in(pending))
        .filter(Column::PlannedAt.gt(Millis(at)))
        .order_by_asc(Column::Id)
}

async fn replan(transaction: Transaction, at: Moment) -> Result<()> {
    for row in planned_later(at).all(&transaction).await.db()? {
        let mut schedule = record::schedule(row)?;
        if let Err(error) = schedule.plan_again(at) {
            tracing::warn!(%error, schedule = %schedule.id, "the next firing of a schedule is unknown");
            schedule.planned_at = at;
        }
        // Firings without a run at times that have not come yet did not happen.
        schedule_firing::Entity::delete_many()
            .filter(schedule_firing::Column::ScheduleId.eq(schedule.id.0))
            .filter(schedule_firing::Column::DueAt.gt(Millis(at)))
            .filter(schedule_firing::Column::RunId.is_null())
            .exec(&transaction)
            .await
            .db()?;
        update(&transaction, &schedule).await?;
    }
    transaction.commit().await
}

async fn take(transaction: Transaction, read: Schedule, firing: Firing, at: Moment) -> Result<Option<Option<Run>>> {
    let Firing { due_at, outcome } = firing;
    let Some(mut schedule) = find(&transaction, read.id).await? else { return Ok(None) };
    let is_as_read = schedule.revision == read.revision
        && due_at.is_none_or(|due| schedule.status == ScheduleStatus::Active && schedule.next_fire_at == Some(due));
    if !is_as_read {
        return Ok(None);
    }
    let missed = matches!(outcome, Outcome::Missed);
    let mut run = None;
    if !has_fired(&transaction, schedule.id, due_at).await.db()? {
        let new_run = match outcome {
            Outcome::Run(new_run) => Some(*new_run),
            Outcome::Changes(mut new_run) => {
                new_run.rows = changed(&transaction, schedule.id, std::mem::take(&mut new_run.rows)).await?;
                schedule.last_error = None;
                Some(*new_run).filter(|new_run| !new_run.rows.is_empty())
            }
            Outcome::Failed(error) => {
                schedule.last_error = Some(error);
                schedule.last_run_id = None;
                None
            }
            Outcome::Missed => None,
        };
        let room = match &new_run {
            Some(new_run) => runs::check_queue(&transaction, [new_run.spec.started_by.as_str()]).await,
            None => Ok(()),
        };
        if let (Err(error), Some(_)) = (&room, due_at) {
            let hint = "wait until runs have finished or cancel some, then run the schedule with `runScheduleNow`, \
                            or wait for its next firing";
            schedule.last_error = Some(RunError::new(error.code(), error.to_string(), hint));
            schedule.last_run_id = None;
        } else if let Some(new_run) = new_run {
            room?;
            let recorded = runs::record_all(&transaction, vec![new_run], None, at).await?;
            run = recorded.into_iter().next();
            schedule.last_run_id = run.as_ref().map(|run| run.id);
        }
        if !missed {
            schedule.last_fire_at = Some(at);
        }
        if let Some(due_at) = due_at {
            let firing = schedule_firing::ActiveModel {
                schedule_id: ActiveValue::Set(schedule.id.0),
                due_at: ActiveValue::Set(record::millis(due_at)),
                taken_at: ActiveValue::Set(Millis(at)),
                run_id: ActiveValue::Set(run.as_ref().map(|run| run.id.0)),
            };
            write::insert(&transaction, [firing]).await?;
            forget_firings(&transaction, schedule.id, at).await.db()?;
        }
    }
    if due_at.is_some() {
        schedule.advance(missed, at)?;
    }
    update(&transaction, &schedule).await?;
    transaction.commit().await?;
    Ok(Some(run))
}

#[async_trait]
impl ScheduleStore for SqlStore {
    async fn create_schedule(&self, new: NewSchedule, at: Moment) -> Result<Schedule> {
        self.transact(move |transaction| async move {
            let mut schedule = Schedule {
                id: ScheduleId(0),
                settings: new.settings,
                status: ScheduleStatus::Active,
                next_fire_at: Some(new.next_fire_at),
                planned_at: at,
                last_fire_at: None,
                last_run_id: None,
                last_error: None,
                identity: None,
                revision: 1,
                created_by: new.created_by,
                created_at: at,
            };
            profiles_exist(&transaction, &schedule).await?;
            let mut row = record::schedule_model(&schedule).into_active_model().reset_all();
            row.id = ActiveValue::NotSet;
            schedule.id = ScheduleId(schedule::Entity::insert(row).exec(&transaction).await.db()?.last_insert_id);
            transaction.nudges.schedules();
            transaction.commit().await?;
            Ok(schedule)
        })
        .await
    }

    async fn change_schedule(&self, id: ScheduleId, fence: Option<i32>, change: ScheduleChange) -> Result<Schedule> {
        self.transact(move |transaction| async move {
            let before = find(&transaction, id).await?.ok_or_else(unknown)?;
            if fence.is_some_and(|revision| revision != before.revision) {
                let message = "somebody else has just changed this schedule; reload it, then try again";
                return Err(Error::conflict(message));
            }
            let mut schedule = before.clone();
            change(&mut schedule)?;
            if schedule == before {
                return Ok(schedule);
            }
            profiles_exist(&transaction, &schedule).await?;
            if schedule.settings.db_profile_id != before.settings.db_profile_id {
                schedule.identity = None;
                schedule_asset::Entity::delete_many()
                    .filter(schedule_asset::Column::ScheduleId.eq(id.0))
                    .exec(&transaction)
                    .await
                    .db()?;
            }
            update(&transaction, &schedule).await?;
            transaction.commit().await?;
            Ok(schedule)
        })
        .await
    }

    async fn delete_schedule(&self, id: ScheduleId) -> Result<()> {
        self.transact(move |transaction| async move {
            let deleted = schedule::Entity::delete_by_id(id.0).exec(&transaction).await.db()?;
            if deleted.rows_affected == 0 {
                return Err(unknown());
            }
            transaction.nudges.schedules();
            transaction.commit().await
        })
        .await
    }

    async fn fire(&self, schedule: &Schedule, firing: Firing, at: Moment) -> Result<Option<Option<Run>>> {
        let schedule = schedule.clone();
        self.transact(move |transaction| take(transaction, schedule, firing, at)).await
    }

    async fn plan_again(&self, at: Moment) -> Result<()> {
        if planned_later(at).one(self.read()).await.db()?.is_none() {
            return Ok(());
        }
        tracing::warn!("the clock was set back; the next firings of schedules are recomputed");
        self.transact(move |transaction| replan(transaction, at)).await
    }

    async fn due_schedules(&self, at: Moment) -> Result<Vec<Schedule>> {
        let rows = schedule::Entity::find()
            .filter(Column::Status.eq(ScheduleStatus::Active.as_str()))
            .filter(Column::NextFireAt.lte(Millis(at)))
            .order_by_asc(Column::NextFireAt)
            .order_by_asc(Column::Id)
            .all(self.read())
            .await
            .db()?;
        rows.into_iter().map(record::schedule).collect()
    }

    async fn next_firing(&self, after: Moment) -> Result<Option<Moment>> {
        let next: Option<Millis> = schedule::Entity::find()
            .select_only()
            .column(Column::NextFireAt)
            .filter(Column::Status.eq(ScheduleStatus::Active.as_str()))
            .filter(Column::NextFireAt.gt(Millis(after)))
            .order_by_asc(Column::NextFireAt)
            .limit(1)
            .into_tuple()
            .one(self.read())
            .await
            .db()?;
        Ok(next.map(|at| at.0))
    }

    async fn schedules_by_id(&self, ids: &[ScheduleId]) -> Result<HashMap<ScheduleId, Schedule>> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(MAX_KEYS) {
            let these = Column::Id.is_in(ids.iter().map(|id| id.0));
            for row in schedule::Entity::find().filter(these).all(self.read()).await.db()? {
                found.insert(ScheduleId(row.id), record::schedule(row)?);
            }
        }
        Ok(found)
    }

    async fn schedules_page(&self, filter: &ScheduleFilter, page: &PageRequest) -> Result<Page<Schedule>> {
        let keyset = Keyset {
            columns: vec![(Expr::col(Column::Id), KeyType::Int)],
            nullable: false,
            direction: OrderDirection::Desc,
        };
        let mut query = passing(filter);
        query.columns(Column::iter());
        let cursor = |row: &schedule::Model| Cursor { list: LIST.to_owned(), key: vec![CursorPart::Int(row.id)] };
        keyset::page(self.read(), &keyset, page, &query, cursor).await?.try_map(record::schedule)
    }

    async fn schedules_count(&self, filter: &ScheduleFilter) -> Result<i64> {
        number(self.read(), passing(filter).expr(Expr::cust("count(*)"))).await
    }
}

fn passing(filter: &ScheduleFilter) -> SelectStatement {
    let mut condition = Condition::all();
    if let Some(statuses) = &filter.statuses {
        condition = condition.add(Column::Status.is_in(statuses.iter().map(|status| status.as_str())));
    }
    if let Some(profiles) = &filter.db_profile_ids {
        condition = condition.add(Column::DbProfileId.is_in(profiles.iter().map(|id| id.0)));
    }
    let mut query = Query::select();
    query.from(schedule::Entity).cond_where(condition);
    query
}
