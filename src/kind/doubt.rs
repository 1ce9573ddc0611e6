//! Writes in doubt: the database went away between a write and its answer.
//!
//! The rule: an item in doubt keeps the comment from before the write. Only the database knows the outcome. Gloss reads
//! the comment when it starts, and before it writes anything else for the run, and records the outcome that it finds.
//! Nothing is written here.

use super::apply::{conflict, not_written};
use crate::{
    domain::{
        Code, Error, Result,
        apply::{ApplyItem, ApplyStatus},
        profile::DbProfile,
        run::{Run, RunError},
    },
    engine::bound::{as_error, compare, open_identified},
    port::{
        Ports,
        target::{Target, TargetError},
    },
};

/// Reads the outcomes of a run's writes in doubt from its database and records them.
///
/// # Errors
/// Returns `Unavailable` if the database does not answer, and `Conflict` if the profile points to another one.
pub async fn settle(ports: &Ports, profile: &DbProfile, run: &Run) -> Result<()> {
    let doubts = ports.store.items_in_doubt(Some(run.id)).await?;
    if doubts.is_empty() {
        return Ok(());
    }
    let count = doubts.len();
    let unknown = |error: &TargetError| {
        Error::unavailable(format!(
            "the outcome of {count} writes of run #{} is not known yet, and Gloss must first read it from the \
             database: {error}; try again when the database is reachable",
            run.id
        ))
    };
    let (target, live) =
        open_identified(ports, profile, run.spec.scope.database.as_deref()).await.map_err(|error| unknown(&error))?;
    let wanted: Vec<_> = doubts.iter().map(|(_, item)| item.identity.clone()).collect();
    let what = format!("a write of run #{}", run.id);
    compare(ports, profile, &live, &wanted, &what).await?.map_err(as_error)?;
    let target = target.bound_to(&live);
    let mut settled = Vec::with_capacity(count);
    for (_, item) in doubts {
        settled.push(read_outcome(target.as_ref(), item).await.map_err(|error| unknown(&error))?);
    }
    ports.store.settle_items(run.id, settled, ports.clock.now()).await?;
    tracing::info!(run = run.id.0, writes = count, "the outcome of writes in doubt was recorded");
    Ok(())
}

/// Reads the outcome of an item.
async fn read_outcome(target: &dyn Target, item: ApplyItem) -> Result<ApplyItem, TargetError> {
    let (status, error) = match target.comment(&item.asset).await {
        Ok(live) if live == item.text => (ApplyStatus::Applied, None),
        Ok(live) if live == item.before => (ApplyStatus::Failed, Some(not_done())),
        Ok(live) => (ApplyStatus::Conflict, Some(conflict(live.as_deref(), item.undoes.is_some()))),
        Err(error @ TargetError::Refused(_)) => (ApplyStatus::Failed, Some(not_written(&error))),
        Err(error) => return Err(error),
    };
    Ok(ApplyItem { status, error, ..item })
}

fn not_done() -> RunError {
    let message = "the connection broke before the comment was written; nothing was changed";
    RunError::new(Code::Unavailable, message, "apply or roll back again")
}

/// Settles the writes in doubt of earlier processes, run by run. Skips runs whose database does not answer.
pub async fn settle_all(ports: Ports) {
    let settle_all = async || -> Result<()> {
        let mut ids: Vec<_> = ports.store.items_in_doubt(None).await?.into_iter().map(|(run, _)| run).collect();
        ids.dedup();
        for (id, run) in ports.store.runs_by_id(&ids).await? {
            let Some(profile) = run.spec.db_profile_id else { continue };
            let Some(profile) = ports.store.db_profiles_by_id(&[profile]).await?.remove(&profile) else { continue };
            if let Err(error) = settle(&ports, &profile, &run).await {
                tracing::warn!(run = id.0, %error, "the outcome of writes is still unknown");
            }
        }
        Ok(())
    };
    if let Err(error) = settle_all().await {
        tracing::warn!(%error, "writes in doubt could not be read from the store");
    }
}
