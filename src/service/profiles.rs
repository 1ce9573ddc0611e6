//! Profiles: create, update, test, delete.
//!
//! The rules: a profile is validated as a whole, both when it is created and when it is changed. A secret is never
//! returned, and never sent to another address than the one that it was set for.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tracing::info;

use crate::{
    domain::{
        Code, Error, Result, base_url,
        id::{DbProfileId, LlmProfileId},
        identity::{Confirmation, Identity},
        pattern::patterns,
        profile::{DbBackend, DbProfile, LlmProfile, LlmProvider, NewDbProfile, NewLlmProfile},
        text::{is_format, is_unseen},
    },
    engine::bound::open_identified,
    port::{Ports, model::ModelError, target::TargetError},
};

/// Maximum length of a profile's name, in characters.
const MAX_NAME: usize = 100;
/// Maximum length of the text about a database, in characters.
const MAX_ABOUT: usize = 4_000;
/// Maximum of `concurrency`.
const MAX_CONCURRENCY: i32 = 64;
/// The default `concurrency` of a remote provider.
const DEFAULT_CONCURRENCY: i32 = 4;
/// The default model name of a BUILTIN profile.
const BUILTIN_MODEL: &str = "builtin";
/// Maximum duration of a test.
const TEST_TIME: Duration = Duration::from_secs(30);

/// The input that creates a DB profile.
#[derive(Debug, Clone)]
pub struct CreateDbProfile {
    /// Its name.
    pub name: String,
    /// Its URL.
    pub url: SecretString,
    /// The only database that the profile reaches.
    pub pinned_database: Option<String>,
    /// Notes on the database for the model.
    pub about: Option<String>,
    /// Patterns of tables that no run describes.
    pub exclude: Vec<String>,
    /// Whether views are sampled.
    pub sample_views: bool,
}

/// A change of a DB profile. `None` keeps a value; `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct UpdateDbProfile {
    /// Its name.
    pub name: Option<String>,
    /// Its URL.
    pub url: Option<SecretString>,
    /// The only database that the profile reaches.
    pub pinned_database: Option<Option<String>>,
    /// Notes on the database for the model.
    pub about: Option<Option<String>>,
    /// Patterns of tables that no run describes.
    pub exclude: Option<Option<Vec<String>>>,
    /// Whether views are sampled.
    pub sample_views: Option<bool>,
    /// Whether the caller confirms that the profile points to the same database as before, at another address.
    pub same_database: bool,
}

/// The input that creates or changes an LLM profile. `None` keeps a value or takes the default; `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct LlmProfileChoices {
    /// Its name.
    pub name: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The provider's base URL.
    pub base_url: Option<Option<String>>,
    /// The API key.
    pub api_key: Option<Option<SecretString>>,
    /// Whether it is the default.
    pub is_default: Option<bool>,
    /// Maximum number of concurrent requests.
    pub concurrency: Option<i32>,
    /// Maximum number of requests in any 60 seconds.
    pub requests_per_minute: Option<Option<i32>>,
    /// Price of a million input tokens in US dollars.
    pub input_cost_per_million_tokens: Option<Option<f64>>,
    /// Price of a million input tokens from the prompt cache in US dollars.
    pub cached_input_cost_per_million_tokens: Option<Option<f64>>,
    /// Price of a million output tokens in US dollars.
    pub output_cost_per_million_tokens: Option<Option<f64>>,
}

/// The database that a test connects to.
#[derive(Debug)]
pub enum DbToTest {
    /// The database of a saved profile.
    Saved(DbProfileId),
    /// The database at a URL that is not saved yet.
    Url(SecretString),
}

/// The provider that a test calls.
#[derive(Debug)]
pub enum LlmToTest {
    /// The provider of a saved profile.
    Saved(LlmProfileId),
    /// The provider of settings that are not saved yet.
    Settings(LlmProvider, Box<LlmProfileChoices>),
}

/// The result of testing a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileTest {
    /// Whether the test succeeded.
    pub ok: bool,
    /// The time until the answer; `None` if the test failed.
    pub latency: Option<Duration>,
    /// What answered, or what to check.
    pub message: String,
    /// The kind of failure: `BadUserInput` if the profile must be changed, else `Unavailable`. `None` if the test
    /// succeeded.
    pub code: Option<Code>,
}

/// The use cases of profiles. Cheap to clone.
#[derive(Clone)]
pub struct Profiles {
    ports: Ports,
}

impl Profiles {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Creates a DB profile. Connects to its database only if that is needed to tell it apart from the store.
    ///
    /// # Errors
    /// Returns `BadInput`, also if the database is Gloss's own store, and `Conflict` if the name is taken.
    pub async fn create_db(&self, input: CreateDbProfile) -> Result<DbProfile> {
        let profile = self.checked_db(input)?;
        self.refuse_own(&profile).await?;
        let profile = self.ports.store.create_db_profile(profile, self.ports.clock.now()).await?;
        info!(db_profile = profile.name, id = profile.id.0, backend = profile.backend.as_str(), "DB profile created");
        Ok(profile)
    }

    /// Changes a DB profile.
    ///
    /// # Errors
    /// Returns `NotFound`, `BadInput`, `Conflict` if the name is taken, and `Unavailable` if a database is confirmed to
    /// be the same one but does not answer.
    pub async fn update_db(&self, id: DbProfileId, change: UpdateDbProfile, actor: &str) -> Result<DbProfile> {
        let old = self.db(id, "input.id").await?;
        let excluded = || old.exclude.iter().map(ToString::to_string).collect();
        let profile = self.checked_db(CreateDbProfile {
            exclude: change.exclude.map_or_else(excluded, Option::unwrap_or_default),
            name: change.name.unwrap_or(old.name),
            url: change.url.unwrap_or(old.url),
            pinned_database: change.pinned_database.unwrap_or(old.pinned_database),
            about: change.about.unwrap_or(old.about),
            sample_views: change.sample_views.unwrap_or(old.sample_views),
        })?;
        self.refuse_own(&profile).await?;
        let confirmed = if change.same_database { self.same_database(id, &profile, actor).await? } else { Vec::new() };
        let profile = self.ports.store.update_db_profile(id, profile).await?;
        self.ports.store.confirm(&confirmed).await?;
        for Confirmation { from, to, .. } in &confirmed {
            let from = from.as_ref().map_or_else(|| "unknown".to_owned(), Identity::told);
            info!(
                db_profile = profile.name,
                id = id.0,
                actor,
                from,
                to = to.told(),
                "a database was confirmed as the same one after it moved"
            );
        }
        info!(db_profile = profile.name, id = id.0, "DB profile updated");
        Ok(profile)
    }

    async fn refuse_own(&self, profile: &NewDbProfile) -> Result<()> {
        let profile = profile.clone().at(DbProfileId(0), self.ports.clock.now());
        let refused = self.ports.targets.refuse_own(&profile).await;
        refused.map_err(|error| Error::bad_input("input.url", error.to_string()))
    }

    /// Returns the confirmations that `sameDatabase` stands for: from each database that the profile's runs belong to,
    /// to the one that the profile now points to instead.
    async fn same_database(&self, id: DbProfileId, profile: &NewDbProfile, actor: &str) -> Result<Vec<Confirmation>> {
        let at = self.ports.clock.now();
        let profile = profile.clone().at(id, at);
        let mut confirmed = Vec::new();
        for from in self.ports.store.identities(id).await? {
            let named = from.as_ref().filter(|from| from.named).and_then(|from| from.database.clone());
            let to = match open_identified(&self.ports, &profile, named.as_deref()).await {
                Ok((_, to)) => to,
                // One of the server's databases has not moved with the others.
                Err(TargetError::Refused(_)) if named.is_some() => continue,
                Err(error) => {
                    let message =
                        format!("{error}; a database can be confirmed as the same one only when it is reachable");
                    return Err(Error::unavailable(message));
                }
            };
            if !from.as_ref().is_some_and(|from| from.is(&to)) {
                confirmed.push(Confirmation { db_profile_id: id, from, to, actor: actor.to_owned(), at });
            }
        }
        Ok(confirmed)
    }

    /// Connects to a database and reports what answered.
    ///
    /// # Errors
    /// Returns `NotFound`, and `BadInput` for a URL that no profile could have.
    pub async fn test_db(&self, tested: DbToTest) -> Result<ProfileTest> {
        let profile = match tested {
            DbToTest::Saved(id) => self.db(id, "input.id").await?,
            DbToTest::Url(url) => DbProfile {
                id: DbProfileId(0),
                name: String::new(),
                backend: self.backend_of(&url)?,
                url,
                pinned_database: None,
                about: None,
                exclude: Vec::new(),
                sample_views: false,
                created_at: self.ports.clock.now(),
            },
        };
        let answer = async {
            let target = self.ports.targets.open(&profile)?;
            target.test().await
        };
        // Nothing but the path can be wrong about a file that cannot be reached.
        let is_file = profile.backend == DbBackend::Sqlite;
        let is_wrong = |error: &TargetError| match error {
            TargetError::Misconfigured(_) | TargetError::Own(_) => true,
            TargetError::Unreachable(_) => is_file,
            _ => false,
        };
        Ok(timed(answer, is_wrong).await)
    }

    /// Deletes a DB profile.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if an unfinished run or a schedule uses it.
    pub async fn delete_db(&self, id: DbProfileId) -> Result<()> {
        let name = self.db(id, "input.id").await.ok().map(|profile| profile.name);
        self.ports.store.delete_db_profile(id).await?;
        info!(db_profile = name, id = id.0, "DB profile deleted");
        Ok(())
    }

    /// Creates an LLM profile. Does not contact the provider.
    ///
    /// # Errors
    /// Returns `BadInput`, and `Conflict` if the name is taken.
    pub async fn create_llm(&self, provider: LlmProvider, choices: LlmProfileChoices) -> Result<LlmProfile> {
        let settings = self.new_llm(provider, choices)?;
        let profile = self.ports.store.create_llm_profile(settings, self.ports.clock.now()).await?;
        info!(
            llm_profile = profile.settings.name,
            id = profile.id.0,
            provider = provider.as_str(),
            "LLM profile created"
        );
        Ok(profile)
    }

    /// Changes an LLM profile.
    ///
    /// # Errors
    /// Returns `NotFound`, `BadInput`, and `Conflict` if the name is taken.
    pub async fn update_llm(&self, id: LlmProfileId, choices: LlmProfileChoices) -> Result<LlmProfile> {
        let old = self.llm(id, "input.id").await?;
        check_key_stays(&old.settings, &choices)?;
        let settings = self.usable_llm(checked_llm(old.settings, choices)?)?;
        let profile = self.ports.store.update_llm_profile(id, settings).await?;
        info!(llm_profile = profile.settings.name, id = id.0, "LLM profile updated");
        Ok(profile)
    }

    /// Checks whether a provider answers with this key and model.
    ///
    /// # Errors
    /// Returns `NotFound`, and `BadInput` for settings that no profile could have.
    pub async fn test_llm(&self, tested: LlmToTest) -> Result<ProfileTest> {
        let profile = match tested {
            LlmToTest::Saved(id) => self.llm(id, "input.id").await?,
            LlmToTest::Settings(provider, choices) => {
                let settings = self.new_llm(provider, *choices).map_err(below_settings)?;
                self.unsaved_llm(settings)
            }
        };
        let is_wrong = |error: &ModelError| error.is_of_profile();
        Ok(timed(self.ports.models.test(&profile), is_wrong).await)
    }

    /// Deletes an LLM profile.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if an unfinished run or a schedule uses it.
    pub async fn delete_llm(&self, id: LlmProfileId) -> Result<()> {
        let name = self.llm(id, "input.id").await.ok().map(|profile| profile.settings.name);
        self.ports.store.delete_llm_profile(id).await?;
        info!(llm_profile = name, id = id.0, "LLM profile deleted");
        Ok(())
    }

    /// Returns the URL of a profile without secrets.
    #[must_use]
    pub fn display_url(&self, profile: &DbProfile) -> String {
        self.ports.targets.display_url(&profile.url)
    }

    /// Returns the only database that a profile reaches, or `None` if it reaches all that its user can access.
    #[must_use]
    pub fn pinned_database(&self, profile: &DbProfile) -> Option<String> {
        self.ports.targets.pinned_database(profile)
    }

    async fn db(&self, id: DbProfileId, argument: &str) -> Result<DbProfile> {
        let found = self.ports.store.db_profiles_by_id(&[id]).await?.remove(&id);
        found.ok_or_else(|| {
            Error::not_found_at(argument, "no DB profile has this id; list the profiles with `dbProfiles`")
        })
    }

    async fn llm(&self, id: LlmProfileId, argument: &str) -> Result<LlmProfile> {
        let found = self.ports.store.llm_profiles_by_id(&[id]).await?.remove(&id);
        found.ok_or_else(|| {
            Error::not_found_at(argument, "no LLM profile has this id; list the profiles with `llmProfiles`")
        })
    }

    /// Applies the choices to the defaults of a new profile and validates the result.
    fn new_llm(&self, provider: LlmProvider, choices: LlmProfileChoices) -> Result<NewLlmProfile> {
        let blank = NewLlmProfile {
            name: String::new(),
            provider,
            model: String::new(),
            base_url: None,
            api_key: None,
            is_default: false,
            concurrency: default_concurrency(provider),
            requests_per_minute: None,
            input_cost_per_million_tokens: None,
            cached_input_cost_per_million_tokens: None,
            output_cost_per_million_tokens: None,
        };
        self.usable_llm(checked_llm(blank, choices)?)
    }

    /// Returns a profile that is not in the store.
    fn unsaved_llm(&self, settings: NewLlmProfile) -> LlmProfile {
        LlmProfile { id: LlmProfileId(0), settings, created_at: self.ports.clock.now() }
    }

    fn backend_of(&self, url: &SecretString) -> Result<DbBackend> {
        let backend = self.ports.targets.backend_of(url.expose_secret());
        backend.map_err(|error| Error::bad_input("input.url", error.to_string()))
    }

    /// Refuses settings that no run could use.
    fn usable_llm(&self, settings: NewLlmProfile) -> Result<NewLlmProfile> {
        let profile = self.unsaved_llm(settings);
        match self.ports.models.open(&profile) {
            // All other settings have been checked before.
            Err(ModelError::Misconfigured(message)) => Err(Error::bad_input("input.apiKey", message)),
            _ => Ok(profile.settings),
        }
    }

    fn checked_db(&self, input: CreateDbProfile) -> Result<NewDbProfile> {
        let CreateDbProfile { name, url, pinned_database, about, exclude, sample_views } = input;
        let name = checked_name(name)?;
        let backend = self.backend_of(&url)?;
        if pinned_database.as_deref().is_some_and(|database| database.trim().is_empty()) {
            let message = "the name of the pinned database is empty; write a name, or omit it to reach all databases";
            return Err(Error::bad_input("input.pinnedDatabase", message));
        }
        let (about, exclude) = (checked_about(about)?, patterns(&exclude, "input.exclude")?);
        Ok(NewDbProfile { name, backend, url, pinned_database, about, exclude, sample_views })
    }
}

/// Validates the text about a database. A blank text becomes `None`.
fn checked_about(about: Option<String>) -> Result<Option<String>> {
    let Some(about) = about.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    let length = about.chars().count();
    if length > MAX_ABOUT {
        let message = format!("`about` has {length} characters; shorten it to {MAX_ABOUT} or fewer");
        return Err(Error::bad_input("input.about", message));
    }
    if about.contains('\0') {
        return Err(Error::bad_input("input.about", "`about` contains a NUL character; remove it"));
    }
    Ok(Some(about))
}

/// The default `concurrency`: the number of cores for the builtin describer, otherwise 4.
#[must_use]
pub fn default_concurrency(provider: LlmProvider) -> i32 {
    if provider != LlmProvider::Builtin {
        return DEFAULT_CONCURRENCY;
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    i32::try_from(cores).unwrap_or(MAX_CONCURRENCY).clamp(1, MAX_CONCURRENCY)
}

/// Waits for the answer to a test. `is_wrong` tells whether an error is one of the profile.
async fn timed<E: std::fmt::Display>(
    answer: impl Future<Output = Result<String, E>>,
    is_wrong: impl Fn(&E) -> bool,
) -> ProfileTest {
    let started = Instant::now();
    let failed = |code, message| ProfileTest { ok: false, latency: None, message, code: Some(code) };
    match timeout(TEST_TIME, answer).await {
        Ok(Ok(message)) => ProfileTest { ok: true, latency: Some(started.elapsed()), message, code: None },
        Ok(Err(error)) if is_wrong(&error) => failed(Code::BadUserInput, error.to_string()),
        Ok(Err(error)) => failed(Code::Unavailable, error.to_string()),
        Err(_) => {
            let seconds = TEST_TIME.as_secs();
            let message = format!("no answer within {seconds} seconds; check the host, the port and the network");
            failed(Code::Unavailable, message)
        }
    }
}

/// Moves the path of a refused setting below `input.settings`.
fn below_settings(error: Error) -> Error {
    match error {
        Error::BadInput { argument, message } => {
            Error::bad_input(argument.replacen("input.", "input.settings.", 1), message)
        }
        error => error,
    }
}

/// Validates the name of a profile or a token.
///
/// # Errors
/// Returns `BadInput` at `input.name`.
pub fn checked_name(name: String) -> Result<String> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME {
        let message = format!("the name has {length} characters; it needs 1 to {MAX_NAME}, and not only spaces");
        return Err(Error::bad_input("input.name", message));
    }
    if name.trim() != name || name.contains(|c: char| is_unseen(c) || is_format(c)) {
        let message =
            "the name begins or ends with a space, or contains a control or format character; remove that character";
        return Err(Error::bad_input("input.name", message));
    }
    Ok(name)
}

/// Applies the choices to the settings and validates the result as a whole.
fn checked_llm(old: NewLlmProfile, choices: LlmProfileChoices) -> Result<NewLlmProfile> {
    let provider = old.provider;
    let mut settings = NewLlmProfile {
        name: checked_name(choices.name.unwrap_or(old.name))?,
        provider,
        model: choices.model.unwrap_or(old.model).trim().to_owned(),
        base_url: choices.base_url.unwrap_or(old.base_url),
        api_key: choices.api_key.unwrap_or(old.api_key),
        is_default: choices.is_default.unwrap_or(old.is_default),
        concurrency: choices.concurrency.unwrap_or(old.concurrency),
        requests_per_minute: choices.requests_per_minute.unwrap_or(old.requests_per_minute),
        input_cost_per_million_tokens: choices
            .input_cost_per_million_tokens
            .unwrap_or(old.input_cost_per_million_tokens),
        cached_input_cost_per_million_tokens: choices
            .cached_input_cost_per_million_tokens
            .unwrap_or(old.cached_input_cost_per_million_tokens),
        output_cost_per_million_tokens: choices
            .output_cost_per_million_tokens
            .unwrap_or(old.output_cost_per_million_tokens),
    };
    if settings.model.is_empty() {
        if provider != LlmProvider::Builtin {
            let message = "the model is empty; write its name as the provider spells it";
            return Err(Error::bad_input("input.model", message));
        }
        BUILTIN_MODEL.clone_into(&mut settings.model);
    }
    check_base_url(provider, settings.base_url.as_deref())?;
    if settings.api_key.as_ref().is_some_and(|key| key.expose_secret().trim().is_empty()) {
        let message = "the key is empty; omit it to keep the present one, or pass null to remove it";
        return Err(Error::bad_input("input.apiKey", message));
    }
    if !(1..=MAX_CONCURRENCY).contains(&settings.concurrency) {
        let message = format!("`concurrency` is {}; it must be from 1 to {MAX_CONCURRENCY}", settings.concurrency);
        return Err(Error::bad_input("input.concurrency", message));
    }
    if settings.requests_per_minute.is_some_and(|requests| requests < 1) {
        let message = "`requestsPerMinute` is below 1; pass 1 or more, or omit it for no limit";
        return Err(Error::bad_input("input.requestsPerMinute", message));
    }
    check_price("inputCostPerMillionTokens", settings.input_cost_per_million_tokens)?;
    check_price("cachedInputCostPerMillionTokens", settings.cached_input_cost_per_million_tokens)?;
    check_price("outputCostPerMillionTokens", settings.output_cost_per_million_tokens)?;
    Ok(settings)
}

/// Refuses a change that would send a stored API key to another address.
fn check_key_stays(old: &NewLlmProfile, choices: &LlmProfileChoices) -> Result<()> {
    let Some(base_url) = &choices.base_url else { return Ok(()) };
    let origin =
        |text: &Option<String>| text.as_deref().and_then(|text| url::Url::parse(text).ok()).map(|url| url.origin());
    if old.api_key.is_none() || choices.api_key.is_some() || origin(base_url) == origin(&old.base_url) {
        return Ok(());
    }
    let message =
        "the API key belongs to another address; pass the key again with the new address, or null to remove it";
    Err(Error::bad_input("input.apiKey", message))
}

fn check_base_url(provider: LlmProvider, base_url: Option<&str>) -> Result<()> {
    const ARGUMENT: &str = "input.baseUrl";
    let Some(text) = base_url else {
        if provider == LlmProvider::OpenAiCompatible {
            let message = "OPENAI_COMPATIBLE requires the URL of the endpoint, as in `http://127.0.0.1:8080/v1`";
            return Err(Error::bad_input(ARGUMENT, message));
        }
        return Ok(());
    };
    base_url::check(text).map_err(|message| Error::bad_input(ARGUMENT, message))
}

fn check_price(price: &str, value: Option<f64>) -> Result<()> {
    if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
        let message = format!("`{price}` is negative or not a number; pass a price in US dollars, or omit it");
        return Err(Error::bad_input(format!("input.{price}"), message));
    }
    Ok(())
}
