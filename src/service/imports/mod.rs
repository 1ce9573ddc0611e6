//! Imports of runs that ended in another tool, and of descriptions from its files.
//!
//! The rules: an import is validated as a whole before anything is recorded. What names an asset of the profile's
//! indexed catalog gets that asset's kind, database and type; other assets are recorded as given, because they may
//! have existed once. A new run belongs to the database to which its profile leads now.

mod check;
mod input;
mod shape;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use tokio::time::timeout;
use tracing::info;

pub use self::input::{ImportOutcome, ImportRuns, RunToImport, SuggestionToImport, WriteToImport};
use self::{
    check::check,
    shape::{Name, name, shaped},
};
use super::searches::known_profiles;
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        id::{DbProfileId, RunId},
        identity::Identity,
        import::{Imported, Origin},
        profile::DbProfile,
        search::KnownAsset,
    },
    engine::bound::open_identified,
    port::Ports,
};

/// Maximum time that an import waits for the identity of a database.
const IDENTITY_TIME: Duration = Duration::from_secs(5);
/// How long an identity counts for the next parts of an import.
const REMEMBERED: TimeDelta = TimeDelta::minutes(1);

/// The use case of imports. Cheap to clone.
#[derive(Clone)]
pub struct Imports {
    ports: Ports,
    /// The databases to which profiles led a moment ago, because an import comes in many parts.
    led: Arc<Mutex<HashMap<DbProfileId, Led>>>,
}

/// The database to which a profile led.
#[derive(Clone)]
struct Led {
    profile: DbProfile,
    at: Moment,
    identity: Option<Identity>,
}

impl Imports {
    /// Creates the use case over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, led: Arc::default() }
    }

    /// Records runs that ended elsewhere, all or none. Of a run that is recorded already, adds only suggestions at new
    /// positions.
    ///
    /// # Errors
    /// Returns `BadInput` with the path of the argument at fault, `NotFound` for an unknown profile, and `Conflict` if
    /// a run that gains suggestions is live.
    pub async fn import(&self, input: ImportRuns, actor: &str) -> Result<Vec<ImportOutcome>> {
        let at = self.ports.clock.now();
        check(&input)?;
        let ImportRuns { source, runs, dry_run } = input;
        let profiles = self.profiles(&runs).await?;
        let llm_profiles = self.ports.store.llm_profiles().await?;
        let mut identities = HashMap::new();
        for profile in profiles.values() {
            identities.insert(profile.id, self.identity(profile, at).await);
        }
        let mut imported = Vec::with_capacity(runs.len());
        let keys: Vec<String> = runs.iter().map(|run| run.key.clone()).collect();
        for run in runs {
            let profile = run.db_profile_id.and_then(|id| profiles.get(&id));
            let known = match profile {
                Some(profile) => self.known(profile.id, &run.suggestions).await?,
                None => HashMap::new(),
            };
            let identity = profile.and_then(|profile| identities.get(&profile.id).cloned()?);
            let llm = llm_profiles.iter().find(|it| Some(&it.settings.name) == run.llm_profile_name.as_ref());
            imported.push(shaped(run, profile, llm, identity, &known, (actor, at)));
        }
        let origin = Origin { source, actor: actor.to_owned(), at };
        let outcomes = self.ports.store.import_runs(imported, origin.clone(), dry_run).await?;
        let ids: Vec<RunId> = outcomes.iter().filter_map(|outcome| outcome.run).collect();
        let mut recorded = self.ports.store.runs_by_id(&ids).await?;
        let added: usize = outcomes.iter().map(|outcome| outcome.added).sum();
        if !dry_run && added > 0 {
            info!(runs = outcomes.len(), suggestions = added, source = origin.source, actor, "runs imported");
        }
        let outcome = |(key, outcome): (String, Imported)| ImportOutcome {
            key,
            run: outcome.run.and_then(|id| recorded.remove(&id)),
            is_new: outcome.is_new,
            added: outcome.added,
        };
        Ok(keys.into_iter().zip(outcomes).map(outcome).collect())
    }

    async fn profiles(&self, runs: &[RunToImport]) -> Result<HashMap<DbProfileId, DbProfile>> {
        let mut profiles = HashMap::new();
        for (at, run) in runs.iter().enumerate() {
            let Some(id) = run.db_profile_id.filter(|id| !profiles.contains_key(id)) else { continue };
            let found = known_profiles(&self.ports, &[id], "").await.map_err(|error| match error {
                Error::NotFound { message, .. } => Error::not_found_at(format!("input.runs.{at}.dbProfileId"), message),
                other => other,
            })?;
            profiles.extend(found.into_iter().map(|profile| (profile.id, profile)));
        }
        Ok(profiles)
    }

    /// Returns the database to which a profile leads now; `None` if it does not answer.
    async fn identity(&self, profile: &DbProfile, now: Moment) -> Option<Identity> {
        let led = self.led.lock().unwrap_or_else(PoisonError::into_inner).get(&profile.id).cloned();
        if let Some(led) = led.filter(|led| led.profile.same_database(profile) && now - led.at < REMEMBERED) {
            return led.identity;
        }
        let opened = timeout(IDENTITY_TIME, open_identified(&self.ports, profile, None)).await;
        let identity = opened.ok().and_then(Result::ok).map(|(_, identity)| identity);
        let led = Led { profile: profile.clone(), at: now, identity: identity.clone() };
        self.led.lock().unwrap_or_else(PoisonError::into_inner).insert(profile.id, led);
        identity
    }

    /// Returns the assets of the profile's catalog that suggestions may name, by schema, table and column.
    async fn known(
        &self,
        profile: DbProfileId,
        suggestions: &[SuggestionToImport],
    ) -> Result<HashMap<Name, Vec<KnownAsset>>> {
        let names: HashSet<String> = suggestions.iter().map(|it| it.asset.display()).collect();
        let names: Vec<String> = names.into_iter().collect();
        let mut known: HashMap<Name, Vec<KnownAsset>> = HashMap::new();
        for asset in self.ports.store.assets_named(&[profile], &names).await? {
            known.entry(name(&asset.path)).or_default().push(asset);
        }
        Ok(known)
    }
}
