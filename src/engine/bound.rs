//! The database of a run: found behind its profile, held against the one that the run describes, and bound.
//!
//! The rule: nothing is read for a run, and nothing written, but in the database that it describes. A profile that
//! leads to another one is a CONFLICT, until it leads back or a person confirms that both are the same.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Halt, context::RunContext};
use crate::{
    domain::{
        Error, Result,
        identity::{Confirmation, Identity},
        profile::DbProfile,
        run::{Run, RunError},
    },
    port::{
        Ports,
        target::{Target, TargetError},
    },
};

/// What to do about a database that is another one.
pub const CONFIRM: &str = "restore the DB profile's URL with `updateDbProfile`; if this is the same database at \
                                  another address, confirm it with `sameDatabase: true`";
/// How long a request waits to learn which database a profile leads to.
const LOOK_TIME: Duration = Duration::from_secs(5);

/// A database that is the one that is wanted.
pub struct Bound {
    /// The database, bound.
    pub target: Arc<dyn Target>,
    /// Which one it is.
    pub identity: Identity,
}

/// The databases in which a run may go on: the one that it describes, if it has described anything.
#[must_use]
pub fn described(run: &Run) -> Vec<Option<Identity>> {
    if run.identity.is_none() && run.progress.done == 0 { Vec::new() } else { vec![run.identity.clone()] }
}

/// The databases in which an apply or a roll-back of a run may write.
///
/// # Errors
/// What the store says.
pub async fn to_write_in(ports: &Ports, run: &Run, rollback: bool) -> Result<Vec<Option<Identity>>> {
    if rollback { ports.store.identities_of_writes(run.id).await } else { Ok(described(run)) }
}

/// Holds a database against the ones that are wanted; gives what a person confirmed, where that lets it pass. `what` is
/// what wants them: `run #5`.
///
/// # Errors
/// What the store says; the value is an error that says from what to what the profile was led.
pub async fn compare(
    ports: &Ports,
    profile: &DbProfile,
    live: &Identity,
    wanted: &[Option<Identity>],
    what: &str,
) -> Result<Result<Option<Confirmation>, RunError>> {
    let others: Vec<&Option<Identity>> =
        wanted.iter().filter(|wanted| !wanted.as_ref().is_some_and(|wanted| wanted.is(live))).collect();
    if others.is_empty() {
        return Ok(Ok(None));
    }
    let confirmations = ports.store.confirmations(profile.id).await?;
    let mut passes = None;
    for other in others {
        let fits = |confirmed: &&Confirmation| {
            let from = match (&confirmed.from, other) {
                (Some(from), Some(other)) => from.is(other),
                (None, None) => true,
                _ => false,
            };
            from && confirmed.to.is(live)
        };
        let Some(confirmed) = confirmations.iter().find(fits) else {
            return Ok(Err(moved(profile, live, other.as_ref(), what)));
        };
        passes = Some(confirmed.clone());
    }
    Ok(Ok(passes))
}

fn moved(profile: &DbProfile, live: &Identity, wanted: Option<&Identity>, what: &str) -> RunError {
    let message = match wanted {
        Some(wanted) => {
            format!(
                "{what} belongs to {}, but the DB profile {:?} now points to {}",
                wanted.told(),
                profile.name,
                live.told()
            )
        }
        None => format!(
            "{what} was recorded by a version of Gloss that did not store the identity of the database; it may or may \
             not be {}, to which the DB profile {:?} now points",
            live.told(),
            profile.name
        ),
    };
    RunError::new("CONFLICT", message, CONFIRM)
}

/// Refuses what is asked for where the profile leads to another database than is wanted. A database that does not
/// answer now is looked at by the worker, before it does anything in it.
///
/// # Errors
/// `Conflict`, saying from what to what; what the store says.
pub async fn refuse_moved(
    ports: &Ports,
    profile: &DbProfile,
    database: Option<&str>,
    wanted: &[Option<Identity>],
    what: &str,
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let Ok(Ok((_, live))) = timeout(LOOK_TIME, look(ports, profile, database)).await else { return Ok(()) };
    match compare(ports, profile, &live, wanted, what).await? {
        Ok(_) => Ok(()),
        Err(error) => Err(as_error(error)),
    }
}

/// An error of a run as one of a use case.
pub fn as_error(error: RunError) -> Error {
    Error::conflict(match error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message,
    })
}

/// The database that a profile leads to now, and which one it is.
///
/// # Errors
/// What the target says.
pub async fn look(
    ports: &Ports,
    profile: &DbProfile,
    database: Option<&str>,
) -> Result<(Arc<dyn Target>, Identity), TargetError> {
    let target = ports.targets.open(profile)?;
    let identity = target.identity(database).await?;
    Ok((target, identity))
}

impl RunContext {
    /// Opens the database of the run, bound, where it is one in which the run may go on; tells where that is so by a
    /// person's word. `patiently` waits for one that does not answer, as long as the run's patience; `words` puts into
    /// words what the target says.
    ///
    /// # Errors
    /// [`Halt::Failed`] where it cannot be opened or is another one.
    pub async fn bound(
        &self,
        profile: &DbProfile,
        wanted: &[Option<Identity>],
        patiently: bool,
        words: fn(&TargetError) -> RunError,
    ) -> Result<Bound, Halt> {
        let look = || look(&self.ports, profile, self.run.spec.scope.database.as_deref());
        let found = if patiently { self.patiently(look).await? } else { look().await };
        let (target, identity) = found.map_err(|error| Halt::Failed(words(&error)))?;
        let what = format!("run #{}", self.run.id);
        let confirmed = compare(&self.ports, profile, &identity, wanted, &what).await?.map_err(Halt::Failed)?;
        if let Some(confirmed) = confirmed {
            let before = confirmed.from.as_ref().map_or_else(|| "an unknown database".to_owned(), Identity::told);
            let message = format!(
                "Continuing in {}: {} confirmed on {} that it is the same database as {before}",
                identity.told(),
                confirmed.actor,
                confirmed.at.format("%Y-%m-%d")
            );
            self.record(move |edit| {
                edit.warn(message, None);
                Ok(())
            })
            .await?;
        }
        Ok(Bound { target: target.bound_to(&identity), identity })
    }
}
