//! Searching catalogs.
//!
//! The rules: a search reads the index, which runs keep current. The first search over a profile whose catalog was
//! never read completely starts a reading and waits up to [`READ_TIME`] for it. If the reading fails or takes longer, a
//! search that names the profile fails, while a search over all profiles uses what is indexed. A reading continues if
//! no caller waits for it, and there is only one per profile at a time. The coverage of a profile is counted in the
//! same index.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::{
    domain::{
        Error, Result,
        asset::AssetPath,
        coverage::{self, Coverage},
        id::DbProfileId,
        page::{Page, PageArguments, PageRequest},
        profile::DbProfile,
        search::{AssetHit, Need, SearchQuery},
    },
    engine::indexing::{ReadError, Reading, Readings},
    port::Ports,
};

/// Maximum length of a search text, in characters.
const MAX_TEXT: usize = 500;
/// Maximum number of profiles that a search may name.
pub const MAX_PROFILES: usize = 100;
/// Maximum time that a search waits for catalogs to be read.
const READ_TIME: Duration = Duration::from_secs(5);
/// The result of a search.
#[derive(Debug)]
pub struct Found {
    /// One page of hits.
    pub page: Page<AssetHit>,
    query: SearchQuery,
    need: Need,
}

/// The use case of searching. Cheap to clone.
#[derive(Clone)]
pub struct Searches {
    ports: Ports,
    readings: Readings,
}

impl Searches {
    /// Creates the use case over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { readings: Readings::new(ports.clone()), ports }
    }

    /// Returns the catalog readings in progress.
    #[must_use]
    pub fn readings(&self) -> Readings {
        self.readings.clone()
    }

    /// Returns one page of the assets that match a text, best first: those that contain all its words or, if there are
    /// none, any of them. A misspelled word also matches what the most similar word of a name does.
    ///
    /// # Errors
    /// Returns `BadInput`, `NotFound` for an unknown profile, and `Unavailable` if a named profile was never read and
    /// cannot be read now.
    pub async fn assets(
        &self,
        text: &str,
        profiles: Option<&[DbProfileId]>,
        arguments: &PageArguments,
    ) -> Result<Found> {
        check_text(text)?;
        self.read_unread(profiles).await?;
        let (query, _) = self.ports.store.corrected(text, true, profiles).await?;
        let mut page = Page { rows: Vec::new(), has_next: false, has_previous: false };
        let (mut foreign, mut of) = (None, Need::All);
        for need in [Need::All, Need::Any] {
            of = need;
            // A cursor belongs to one of the two lists and continues in that one.
            match PageRequest::new(arguments, &query.list_name(profiles, need)) {
                Ok(request) => page = self.ports.store.search_assets(&query, need, profiles, &request).await?,
                Err(error) if foreign.is_some() => return Err(error),
                Err(error) => foreign = Some(error),
            }
            if !page.rows.is_empty() || page.has_next || page.has_previous {
                break;
            }
        }
        Ok(Found { page, query, need: of })
    }

    /// Returns the total number of hits, at most 1,000.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn count(&self, found: &Found, profiles: Option<&[DbProfileId]>) -> Result<i64> {
        self.ports.store.search_count(&found.query, found.need, profiles).await
    }

    /// Returns how much of a profile's database is documented. With `refresh`, reads its catalog first; without,
    /// returns `None` if it was never read.
    ///
    /// # Errors
    /// Returns `Unavailable` if the catalog cannot be read now.
    pub async fn coverage(&self, profile: &DbProfile, refresh: bool) -> Result<Option<Coverage>> {
        if refresh && let Some(reading) = self.readings.read(profile, true) {
            was_read(&profile.name, &reading.await)?;
        }
        self.ports.store.coverage(profile).await
    }

    /// Returns one page of the assets that have neither a comment nor an accepted text, by name.
    ///
    /// # Errors
    /// Returns `BadInput` for invalid page arguments.
    pub async fn missing(&self, profile: &DbProfile, arguments: &PageArguments) -> Result<Page<AssetPath>> {
        self.ports.store.missing(profile, &PageRequest::new(arguments, coverage::MISSING)?).await
    }

    /// Reads the catalog of a profile if it was never read completely.
    ///
    /// # Errors
    /// Returns `Unavailable` if it cannot be read, or is still being read after some seconds.
    pub async fn read_if_unread(&self, profile: &DbProfile) -> Result<()> {
        if self.ports.store.unread_profiles(&[profile.id]).await?.is_empty() {
            return Ok(());
        }
        self.read(vec![profile.clone()], true).await
    }

    async fn read_unread(&self, named: Option<&[DbProfileId]>) -> Result<()> {
        let store = &self.ports.store;
        let profiles: Vec<DbProfile> = match named {
            Some(ids) => known_profiles(&self.ports, ids, "dbProfileIds").await?,
            None => store.db_profiles().await?,
        };
        let ids: Vec<DbProfileId> = profiles.iter().map(|profile| profile.id).collect();
        let unread = store.unread_profiles(&ids).await?;
        let unread = profiles.into_iter().filter(|profile| unread.contains(&profile.id));
        self.read(unread.collect(), named.is_some()).await
    }

    /// Reads the catalogs of these profiles. Only if they are `needed`, a catalog that cannot be read is an error.
    async fn read(&self, unread: Vec<DbProfile>, needed: bool) -> Result<()> {
        let readings: Vec<(String, Reading)> = unread
            .into_iter()
            .filter_map(|profile| Some((profile.name.clone(), self.readings.read(&profile, needed)?)))
            .collect();
        if readings.is_empty() {
            return Ok(());
        }
        let all = join_all(readings.iter().map(|(_, reading)| reading.clone()));
        let done = timeout(READ_TIME, all).await;
        if !needed {
            return Ok(());
        }
        let Ok(done) = done else {
            let slow: Vec<&str> = readings.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("the catalog of {} is still being read; try again in a moment", slow.join(", "));
            return Err(Error::unavailable(message));
        };
        readings.iter().zip(&done).try_for_each(|((name, _), done)| was_read(name, done))
    }
}

/// Returns the error of a reading.
fn was_read(name: &str, done: &Result<(), Arc<ReadError>>) -> Result<()> {
    match done.as_ref().map_err(AsRef::as_ref) {
        Err(ReadError::Target(error)) => {
            Err(Error::unavailable(format!("the catalog of {name} could not be read: {error}")))
        }
        // The reading has logged the cause.
        Err(ReadError::Store(_)) => Err(Error::internal(format!("the catalog of {name} could not be recorded"))),
        Ok(()) => Ok(()),
    }
}

/// Refuses a text that is blank or too long.
fn check_text(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::bad_input("text", "the text is empty; search for a word of a name, comment or description"));
    }
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(Error::bad_input(
            "text",
            format!("the text has {length} characters; shorten it to {MAX_TEXT} or fewer"),
        ));
    }
    Ok(())
}

/// Returns the profiles that an argument names, in its order.
///
/// # Errors
/// Returns `NotFound` with the index of the first id that does not exist, and `BadInput` for too many ids.
pub async fn known_profiles(ports: &Ports, ids: &[DbProfileId], argument: &str) -> Result<Vec<DbProfile>> {
    if ids.len() > MAX_PROFILES {
        let message = format!("{} DB profiles were given; pass at most {MAX_PROFILES}", ids.len());
        return Err(Error::bad_input(argument, message));
    }
    let found = ports.store.db_profiles_by_id(ids).await?;
    let profile = |(at, id): (usize, &DbProfileId)| {
        let unknown = || {
            let message = "no DB profile has this id; list the profiles with `dbProfiles`";
            Error::not_found_at(format!("{argument}.{at}"), message)
        };
        found.get(id).cloned().ok_or_else(unknown)
    };
    ids.iter().enumerate().map(profile).collect()
}
