//! The processes that execute runs.

use std::collections::HashMap;

use async_trait::async_trait;
use entity::{Millis, run, worker};
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};

use super::{SqlStore, grouped, record, runs::spellings, trouble::DbResult as _};
use crate::{
    domain::{Result, clock::Moment, run::Run, status::RunStatus},
    port::store::{WorkerRecord, WorkerStore},
};

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
        let held = [RunStatus::Running, RunStatus::Cancelling, RunStatus::Applying];
        let rows = run::Entity::find()
            .filter(run::Column::WorkerId.is_in(ids))
            .filter(run::Column::Status.is_in(spellings(&held)))
            .order_by_asc(run::Column::Id)
            .all(self.read())
            .await
            .db()?;
        Ok(grouped(rows.into_iter().map(record::run).filter_map(|run| Some((run.worker_id.clone()?, run)))))
    }
}
