//! The database of a run: opens it through its profile and checks that it is the one that the run describes.
//!
//! The rule: a run reads and writes only in the database that it describes. If its profile points to another one, that
//! is a CONFLICT until the profile points back or a person confirms that both are the same.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Halt, context::RunContext};
use crate::{
    domain::{
        Code, Error, Result,
        identity::{Confirmation, Identity},
        profile::DbProfile,
        run::{Run, RunError},
    },
    port::{
        Ports,
        target::{Target, TargetError},
    },
};

/// The next step if the database is a different one.
pub const CONFIRM: &str = "restore the DB profile's URL with `updateDbProfile`; if this is the same database at \
                                  another address, confirm it with `sameDatabase: true`";
/// Maximum time that a request waits for the identity of a profile's database.
const IDENTITY_TIME: Duration = Duration::from_secs(5);

/// A database that was checked to be the expected one.
pub struct Bound {
    /// The open database.
    pub target: Arc<dyn Target>,
    /// Its identity.
    pub identity: Identity,
}

/// Returns the databases in which a run may continue: the one that it describes, or none if it has described nothing
/// yet.
#[must_use]
pub fn described(run: &Run) -> Vec<Option<Identity>> {
    if run.identity.is_none() && run.progress.done == 0 { Vec::new() } else { vec![run.identity.clone()] }
}

/// Returns the databases in which an apply or a roll-back of a run may write.
///
/// # Errors
/// Returns the errors of the store.
pub async fn to_write_in(ports: &Ports, run: &Run, rollback: bool) -> Result<Vec<Option<Identity>>> {
    if rollback { ports.store.identities_of_writes(run.id).await } else { Ok(described(run)) }
}

/// Compares a database with the expected ones. Returns the confirmation that makes a different database acceptable, if
/// one was needed. `what` names the user of the database for the error, as `run #5`.
///
/// # Errors
/// The outer error is the store's. The inner error says which database was expected and which was found.
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
            // The marks tell apart what stands in the same place.
            let told = |one: &Identity| if wanted.place == live.place { one.told() } else { one.place.clone() };
            format!(
                "{what} belongs to {}, but the DB profile {:?} now points to {}",
                told(wanted),
                profile.name,
                told(live)
            )
        }
        None => format!(
            "{what} was imported, or recorded by a version of Gloss that did not store the identity of the database; \
             it may or may not be {}, to which the DB profile {:?} now points",
            live.told(),
            profile.name
        ),
    };
    RunError::new(Code::Conflict, message, CONFIRM)
}

/// Refuses a request if the profile points to another database than the expected ones. If the database does not answer,
/// this succeeds; the worker checks again before it does anything there.
///
/// # Errors
/// Returns `Conflict`, which names both databases, and the errors of the store.
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
    let Ok(Ok((_, live))) = timeout(IDENTITY_TIME, open_identified(ports, profile, database)).await else {
        return Ok(());
    };
    match compare(ports, profile, &live, wanted, what).await? {
        Ok(_) => Ok(()),
        Err(error) => Err(as_error(error)),
    }
}

/// Converts an error of a run to an error of a use case.
pub fn as_error(error: RunError) -> Error {
    Error::conflict(match error.hint {
        Some(hint) => format!("{}; {hint}", error.message),
        None => error.message,
    })
}

/// Opens the database that a profile points to and reads its identity.
///
/// # Errors
/// Returns the errors of the target.
pub async fn open_identified(
    ports: &Ports,
    profile: &DbProfile,
    database: Option<&str>,
) -> Result<(Arc<dyn Target>, Identity), TargetError> {
    let target = ports.targets.open(profile)?;
    let identity = target.identity(database).await?;
    Ok((target, identity))
}

impl RunContext {
    /// Opens the database of the run and checks that it is one in which the run may continue. If that holds only
    /// because a person confirmed it, records a warning. If `patiently` is set, a database that does not answer is
    /// retried for [`Patience::target_down`](super::context::Patience::target_down). `words` converts an error of the
    /// target to one of the run.
    ///
    /// # Errors
    /// Returns [`Halt::Failed`] if the database cannot be opened or is another one.
    pub async fn bound(
        &self,
        profile: &DbProfile,
        wanted: &[Option<Identity>],
        patiently: bool,
        words: fn(&TargetError) -> RunError,
    ) -> Result<Bound, Halt> {
        let open = || open_identified(&self.ports, profile, self.run.spec.scope.database.as_deref());
        let found = if patiently { self.patiently(open).await? } else { open().await };
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
