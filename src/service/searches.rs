//! Searching catalogs.
//!
//! The rule: what is searched is the index, which runs keep current. A profile whose catalog was never read whole is
//! read by the first search that looks there; who named it waits for a moment and is told where that fails, a search
//! over all profiles goes by what there is. A reading goes on though nobody waits for it any more, and there is one
//! for a profile at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, join_all},
};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::catalog::unreachable;
use crate::{
    domain::{
        Error, Result,
        id::DbProfileId,
        page::{Page, PageArguments, PageRequest},
        profile::DbProfile,
        search::{AssetHit, Need, SearchQuery},
    },
    kind::indexing::{ReadError, read_whole},
    port::Ports,
};

/// Characters of a searched text.
const MAX_TEXT: usize = 500;
/// Profiles that a search may name.
pub const MAX_PROFILES: usize = 100;
/// How long a search waits for catalogs to be read.
const READ_TIME: Duration = Duration::from_secs(5);
/// How long a profile that could not be read is left alone by searches that do not name it.
const LEFT_ALONE: Duration = Duration::from_mins(1);

/// What a reading came to; who waits is told why it failed.
type Reading = Shared<BoxFuture<'static, Result<(), Arc<Error>>>>;

#[derive(Default)]
struct Readings {
    under_way: HashMap<DbProfileId, Reading>,
    failed: HashMap<DbProfileId, Instant>,
}

/// The use case.
#[derive(Clone)]
pub struct Searches {
    ports: Ports,
    readings: Arc<Mutex<Readings>>,
}

impl Searches {
    /// Over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, readings: Arc::default() }
    }

    /// One page of the assets that a text finds, best first: those that hold all its words, or, where none does, any.
    ///
    /// # Errors
    /// `BadInput`; `NotFound` for an unknown profile; `Unavailable` where a profile is named that was never read and
    /// cannot be.
    pub async fn assets(
        &self,
        text: &str,
        profiles: Option<&[DbProfileId]>,
        arguments: &PageArguments,
    ) -> Result<Page<AssetHit>> {
        check_text(text)?;
        self.read_what_was_not(profiles).await?;
        let query = SearchQuery::of(text, true);
        let store = &self.ports.store;
        let need = if store.finds_any(&query, Need::All, profiles).await? { Need::All } else { Need::Any };
        let request = PageRequest::new(arguments, &query.list_name(profiles, need))?;
        store.search_assets(&query, need, profiles, &request).await
    }

    async fn read_what_was_not(&self, named: Option<&[DbProfileId]>) -> Result<()> {
        let store = &self.ports.store;
        let profiles: Vec<DbProfile> = match named {
            Some(ids) => known_profiles(&self.ports, ids, "dbProfileIds").await?,
            None => store.db_profiles().await?,
        };
        let ids: Vec<DbProfileId> = profiles.iter().map(|profile| profile.id).collect();
        let unread = store.unread_profiles(&ids).await?;
        let unread = profiles.into_iter().filter(|profile| unread.contains(&profile.id));
        let readings: Vec<(String, Reading)> = unread
            .filter_map(|profile| Some((profile.name.clone(), self.reading(profile, named.is_some())?)))
            .collect();
        if readings.is_empty() {
            return Ok(());
        }
        let all = join_all(readings.iter().map(|(_, reading)| reading.clone()));
        let done = timeout(READ_TIME, all).await;
        if named.is_none() {
            return Ok(());
        }
        let Ok(done) = done else {
            let slow: Vec<&str> = readings.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("the catalog of {} is being read; search again in a moment", slow.join(", "));
            return Err(Error::unavailable(message));
        };
        for ((name, _), done) in readings.iter().zip(done) {
            if let Err(error) = done {
                return Err(Error::unavailable(format!("the catalog of {name} cannot be read: {error}")));
            }
        }
        Ok(())
    }

    /// The reading of a profile; a new one where none is under way. Nothing where it failed a moment ago and is not
    /// `named`.
    fn reading(&self, profile: DbProfile, named: bool) -> Option<Reading> {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = readings.under_way.get(&profile.id) {
            return Some(reading.clone());
        }
        let failed = readings.failed.get(&profile.id);
        if !named && failed.is_some_and(|failed| failed.elapsed() < LEFT_ALONE) {
            return None;
        }
        let (id, ports, shared) = (profile.id, self.ports.clone(), Arc::clone(&self.readings));
        let read = async move {
            let done = read_whole(&ports, &profile).await.map_err(|error| match error {
                ReadError::Target(error) => unreachable(error),
                ReadError::Store(error) => error,
            });
            let mut readings = shared.lock().unwrap_or_else(PoisonError::into_inner);
            readings.under_way.remove(&profile.id);
            match &done {
                Ok(()) => readings.failed.remove(&profile.id),
                Err(_) => readings.failed.insert(profile.id, Instant::now()),
            };
            done.map_err(Arc::new)
        };
        let task = tokio::spawn(read.in_current_span());
        let reading: BoxFuture<'static, _> = async move {
            task.await.unwrap_or_else(|_| Err(Arc::new(Error::internal("a catalog's reading broke off"))))
        }
        .boxed();
        let reading = reading.shared();
        readings.under_way.insert(id, reading.clone());
        Some(reading)
    }
}

/// Refuses a text that cannot be searched for.
fn check_text(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::bad_input("text", "the text is empty; give a word of a name, comment or description"));
    }
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(Error::bad_input("text", format!("the text has {length} characters; {MAX_TEXT} is the most")));
    }
    Ok(())
}

/// The profiles that an argument names, in its order.
///
/// # Errors
/// `NotFound` with the place of the first that does not exist; `BadInput` for too many.
pub async fn known_profiles(ports: &Ports, ids: &[DbProfileId], argument: &str) -> Result<Vec<DbProfile>> {
    if ids.len() > MAX_PROFILES {
        let message = format!("{} DB profiles are named; {MAX_PROFILES} is the most", ids.len());
        return Err(Error::bad_input(argument, message));
    }
    let found = ports.store.db_profiles_by_id(ids).await?;
    let profile = |(at, id): (usize, &DbProfileId)| {
        let unknown = || {
            let message = "no DB profile has this id; `dbProfiles` lists them";
            Error::not_found_at(format!("{argument}.{at}"), message)
        };
        found.get(id).cloned().ok_or_else(unknown)
    };
    ids.iter().enumerate().map(profile).collect()
}
