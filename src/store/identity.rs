//! The databases that a profile's runs described and wrote to, and people's confirmations that two are the same.

use entity::{JsonText, Millis, applied_comment, confirmation, run, schedule};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{items::standing, transaction::Transaction, write};
use crate::domain::{
    Result,
    id::{DbProfileId, RunId},
    identity::{Confirmation, Identity},
    run::RunSpec,
};

/// An identity as a column holds it.
type Recorded = Option<JsonText<Identity>>;

/// Returns each identity once.
fn distinct(recorded: Vec<Recorded>) -> Vec<Option<Identity>> {
    let mut found = Vec::new();
    for identity in recorded.into_iter().map(|it| it.map(|it| it.0)) {
        if !found.contains(&identity) {
            found.push(identity);
        }
    }
    found
}

/// Returns the databases that a profile's runs described or wrote to, and those that its schedules are for.
pub(super) async fn of_profile(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
) -> Result<Vec<Option<Identity>>, DbErr> {
    // A run without finished rows has described nothing.
    let described = Condition::any().add(run::Column::Identity.is_not_null()).add(run::Column::RowsDone.gt(0));
    let mut recorded: Vec<Recorded> = run::Entity::find()
        .select_only()
        .column(run::Column::Identity)
        .distinct()
        .filter(run::Column::DbProfileId.eq(profile.0))
        .filter(described)
        .into_tuple()
        .all(connection)
        .await?;
    let of_schedules = schedule::Entity::find()
        .select_only()
        .column(schedule::Column::Identity)
        .distinct()
        .filter(schedule::Column::DbProfileId.eq(profile.0))
        .filter(schedule::Column::Identity.is_not_null());
    recorded.extend(of_schedules.into_tuple::<Recorded>().all(connection).await?);
    let of_writes = applied_comment::Entity::find()
        .select_only()
        .column(applied_comment::Column::Identity)
        .distinct()
        .filter(applied_comment::Column::DbProfileId.eq(profile.0));
    recorded.extend(of_writes.into_tuple::<Recorded>().all(connection).await?);
    Ok(distinct(recorded))
}

/// Returns the databases in which writes of a run stand, which means they were not rolled back.
pub(super) async fn of_writes(connection: &impl ConnectionTrait, run: RunId) -> Result<Vec<Option<Identity>>, DbErr> {
    let recorded = applied_comment::Entity::find()
        .select_only()
        .column(applied_comment::Column::Identity)
        .distinct()
        .filter(applied_comment::Column::RunId.eq(run.0))
        .filter(standing())
        .into_tuple()
        .all(connection)
        .await?;
    Ok(distinct(recorded))
}

/// Returns the database that a new run inherits: from the run that it repeats, or from the schedule that fires.
pub(super) async fn inherited(connection: &impl ConnectionTrait, spec: &RunSpec) -> Result<Option<Identity>, DbErr> {
    let recorded: Option<Recorded> = if let Some(parent) = spec.parent_id {
        let parents = run::Entity::find_by_id(parent.0).select_only().column(run::Column::Identity);
        parents.into_tuple().one(connection).await?
    } else if let Some(schedule) = spec.schedule_id {
        let schedules = schedule::Entity::find_by_id(schedule.0).select_only().column(schedule::Column::Identity);
        schedules.into_tuple().one(connection).await?
    } else {
        None
    };
    Ok(recorded.flatten().map(|it| it.0))
}

/// Returns the confirmations for a profile, newest first.
pub(super) async fn confirmations(
    connection: &impl ConnectionTrait,
    profile: DbProfileId,
) -> Result<Vec<Confirmation>, DbErr> {
    let rows = confirmation::Entity::find()
        .filter(confirmation::Column::DbProfileId.eq(profile.0))
        .order_by_desc(confirmation::Column::Id)
        .all(connection)
        .await?;
    let read = |row: confirmation::Model| Confirmation {
        db_profile_id: DbProfileId(row.db_profile_id),
        from: row.from_identity.map(|it| it.0),
        to: row.to_identity.0,
        actor: row.actor,
        at: row.at.0,
    };
    Ok(rows.into_iter().map(read).collect())
}

pub(super) async fn confirm(transaction: &Transaction, confirmations: &[Confirmation]) -> Result<()> {
    let row = |it: &Confirmation| confirmation::ActiveModel {
        id: ActiveValue::NotSet,
        at: ActiveValue::Set(Millis(it.at)),
        db_profile_id: ActiveValue::Set(it.db_profile_id.0),
        from_identity: ActiveValue::Set(it.from.clone().map(JsonText)),
        to_identity: ActiveValue::Set(JsonText(it.to.clone())),
        actor: ActiveValue::Set(it.actor.clone()),
    };
    write::insert(transaction, confirmations.iter().map(row)).await
}
