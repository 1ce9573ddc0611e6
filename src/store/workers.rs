//! The processes that use the store, and the duties that one of them has at a time.

use std::collections::HashMap;

use async_trait::async_trait;
use entity::{Millis, duty, run, worker};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{
    SqlStore, grouped, record,
    runs::{HELD, spellings},
    trouble::DbResult as _,
};
use crate::{
    domain::{Result, clock::Moment, run::Run},
    port::store::{Duty, LEASE, WorkerRecord, WorkerStore},
};

/// The maximum number of leases that a duty can be held for. If it seems longer, the clock was set back meanwhile.
const LEASES: u32 = 4;

const fn name(duty: Duty) -> &'static str {
    match duty {
        Duty::Scheduling => "scheduling",
    }
}

#[async_trait]
impl WorkerStore for SqlStore {
    async fn add_worker(&self, worker: &WorkerRecord) -> Result<()> {
        let worker = worker.clone();
        self.write(move |writer| async move {
            let row = worker::ActiveModel {
                id: ActiveValue::Set(worker.id.clone()),
                host: ActiveValue::Set(worker.host.clone()),
                started_at: ActiveValue::Set(Millis(worker.started_at)),
                last_seen_at: ActiveValue::Set(Millis(worker.last_seen_at)),
                capacity: ActiveValue::Set(worker.capacity),
            };
            worker::Entity::insert(row).exec_without_returning(&writer).await.db()?;
            Ok(())
        })
        .await
    }

    async fn remove_workers(&self, id: Option<&str>, seen_after: Moment) -> Result<()> {
        let id = id.map(str::to_owned);
        self.write(move |writer| async move {
            let mut gone = Condition::any().add(worker::Column::LastSeenAt.lt(Millis(seen_after)));
            if let Some(id) = &id {
                gone = gone.add(worker::Column::Id.eq(id));
            }
            worker::Entity::delete_many().filter(gone).exec(&writer).await.db()?;
            Ok(())
        })
        .await
    }

    async fn remove_workers_of(&self, folder: &str) -> Result<()> {
        let theirs = format!("{folder}-");
        self.transact(move |transaction| async move {
            run::Entity::update_many()
                .col_expr(run::Column::WorkerId, Expr::value(None::<String>))
                .col_expr(run::Column::LeaseUntil, Expr::value(0_i64))
                .filter(run::Column::Status.is_in(spellings(&HELD)))
                .filter(run::Column::WorkerId.starts_with(&theirs))
                .exec(&transaction)
                .await
                .db()?;
            let duties = duty::Entity::delete_many().filter(duty::Column::WorkerId.starts_with(&theirs));
            duties.exec(&transaction).await.db()?;
            let workers = worker::Entity::delete_many().filter(worker::Column::Id.starts_with(&theirs));
            workers.exec(&transaction).await.db()?;
            transaction.commit().await
        })
        .await
    }

    async fn take_duty(&self, duty: Duty, worker_id: &str, at: Moment) -> Result<bool> {
        if self.read().get_database_backend() == DbBackend::Sqlite {
            return Ok(true);
        }
        let worker_id = worker_id.to_owned();
        self.write(move |writer| async move {
            let of = |column| Expr::col((duty::Entity, column));
            let free = of(duty::Column::WorkerId)
                .eq(&worker_id)
                .or(of(duty::Column::HeldUntil).lt(Millis(at)))
                .or(of(duty::Column::HeldUntil).gt(Millis(at + LEASES * LEASE)));
            let mut take = OnConflict::column(duty::Column::Name);
            take.update_columns([duty::Column::WorkerId, duty::Column::HeldUntil]).action_and_where(free);
            let row = duty::ActiveModel {
                name: ActiveValue::Set(name(duty).to_owned()),
                worker_id: ActiveValue::Set(worker_id.clone()),
                held_until: ActiveValue::Set(Millis(at + LEASE)),
            };
            let taken = duty::Entity::insert(row).on_conflict(take).exec_without_returning(&writer).await.db()?;
            Ok(taken > 0)
        })
        .await
    }

    async fn leave_duty(&self, duty: Duty, worker_id: &str) -> Result<()> {
        let worker_id = worker_id.to_owned();
        self.write(move |writer| async move {
            let mine = duty::Column::WorkerId.eq(worker_id).and(duty::Column::Name.eq(name(duty)));
            duty::Entity::delete_many().filter(mine).exec(&writer).await.db()?;
            Ok(())
        })
        .await?;
        match duty {
            Duty::Scheduling => self.bus.nudge_schedules(),
        }
        Ok(())
    }

    async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        let rows = worker::Entity::find()
            .order_by_asc(worker::Column::StartedAt)
            .order_by_asc(worker::Column::Id)
            .all(self.read())
            .await
            .db()?;
        let worker = |row: worker::Model| WorkerRecord {
            id: row.id,
            host: row.host,
            started_at: row.started_at.0,
            last_seen_at: row.last_seen_at.0,
            capacity: row.capacity,
        };
        Ok(rows.into_iter().map(worker).collect())
    }

    async fn runs_of_workers(&self, ids: &[String]) -> Result<HashMap<String, Vec<Run>>> {
        let rows = run::Entity::find()
            .filter(run::Column::WorkerId.is_in(ids))
            .filter(run::Column::Status.is_in(spellings(&HELD)))
            .order_by_asc(run::Column::Id)
            .all(self.read())
            .await
            .db()?;
        Ok(grouped(rows.into_iter().map(record::run).filter_map(|run| Some((run.worker_id.clone()?, run)))))
    }
}
