//! API tokens: create, list, revoke, authenticate.
//!
//! The rules:
//! - A secret is shown once; only its hash is stored.
//! - Once the first token exists, every request needs one, and connections opened without one are closed.
//! - All tokens are cached in memory, so a request costs no query. Tokens that another process created or revoked are
//!   noticed when an unknown secret is used, and every few seconds while a token, or a caller without one, is served.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use secrecy::SecretString;
use subtle::ConstantTimeEq;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::profiles::checked_name;
use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        id::ApiTokenId,
        token::{ApiToken, KnownToken, NewApiToken, Role, TokenHash},
    },
    port::Ports,
};

/// The prefix of every secret, by which people and secret scanners recognize one.
pub const PREFIX: &str = "gloss_";
/// The name of a local caller without a token, while no tokens exist.
pub const LOCAL: &str = "local";
/// Number of random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Maximum age of the cached tokens before they are read again.
const MAX_AGE: Duration = Duration::from_secs(5);
/// Minimum time between two writes of a token's last use.
const USE_WRITTEN_EVERY: chrono::Duration = chrono::Duration::minutes(1);

/// The input that creates a token.
#[derive(Debug, Clone)]
pub struct CreateToken {
    /// Its name.
    pub name: String,
    /// The role of callers with this token.
    pub role: Role,
    /// When the token expires; `None` for never.
    pub expires_at: Option<Moment>,
}

/// An authenticated caller: with a token, or local without one.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The name that the caller's actions are recorded under.
    pub name: String,
    /// The caller's role.
    pub role: Role,
    /// Whether the caller has a token.
    pub has_token: bool,
    /// The validity of the caller's credentials.
    pub validity: Arc<Validity>,
}

/// The validity of a caller's credentials. It is shared by all users of a token, or by all local callers,
/// and watched as long as someone holds it.
#[derive(Debug, Default)]
pub struct Validity(CancellationToken);

impl Validity {
    /// Returns a token that is cancelled when the credentials end: the API token expired or was revoked, or, for local
    /// callers, the first API token was created.
    pub fn ended(&self) -> CancellationToken {
        self.0.clone()
    }

    /// Signals the end.
    pub fn end(&self) {
        self.0.cancel();
    }
}

/// The use cases of API tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    ports: Ports,
    memory: Arc<Memory>,
}

/// What is cached in memory.
#[derive(Default)]
struct Memory {
    known: watch::Sender<Known>,
    /// Held while the store is read, so that concurrent callers read it once.
    reading: tokio::sync::Mutex<()>,
    /// When the last use of each token was written.
    uses: Mutex<HashMap<ApiTokenId, Moment>>,
    /// The validity of the tokens in use.
    validities: Mutex<HashMap<ApiTokenId, Weak<Validity>>>,
    /// The validity of local callers without a token.
    local: Arc<Validity>,
    /// Whether a task watches it.
    local_is_watched: AtomicBool,
}

/// All tokens, revoked ones included, and when they were read.
#[derive(Clone, Default)]
struct Known {
    at: Option<Instant>,
    by_hash: Arc<HashMap<[u8; 8], KnownToken>>,
}

impl Known {
    /// Returns the token with this hash. The map look-up may leak a part of the hash through timing, which is of no
    /// use; the whole hash is compared in constant time.
    fn find(&self, hash: &TokenHash) -> Option<&KnownToken> {
        let found = self.by_hash.get(&beginning(hash))?;
        bool::from(found.hash.0.ct_eq(&hash.0)).then_some(found)
    }

    /// Returns a token if it is valid at a moment.
    fn opening(&self, id: ApiTokenId, at: Moment) -> Option<&ApiToken> {
        self.by_hash.values().find(|known| known.token.id == id && known.opens(at)).map(|known| &known.token)
    }

    fn name(&self, id: ApiTokenId) -> Option<String> {
        self.by_hash.values().find(|known| known.token.id == id).map(|known| known.token.name.clone())
    }
}

fn beginning(hash: &TokenHash) -> [u8; 8] {
    std::array::from_fn(|at| hash.0[at])
}

fn hash_of(secret: &str) -> TokenHash {
    let digest = digest(&SHA256, secret.as_bytes());
    TokenHash(std::array::from_fn(|at| digest.as_ref()[at]))
}

impl Tokens {
    /// Creates the use cases over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, memory: Arc::default() }
    }

    /// Creates a token. Returns it with its secret, which cannot be retrieved again.
    ///
    /// # Errors
    /// Returns `BadInput`, and `Conflict` if the name is taken.
    pub async fn create(&self, input: CreateToken) -> Result<(ApiToken, SecretString)> {
        let at = self.ports.clock.now();
        let name = checked_name(input.name)?;
        if name == LOCAL {
            let message = "the name \"local\" is reserved for callers without a token; choose another name";
            return Err(Error::bad_input("input.name", message));
        }
        if input.expires_at.is_some_and(|expires_at| expires_at <= at) {
            let message =
                "`expiresAt` is in the past; set a time in the future, or omit it for a token that does not expire";
            return Err(Error::bad_input("input.expiresAt", message));
        }
        let mut bytes = [0; SECRET_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Error::internal("the system's random number generator failed"))?;
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let hash = hash_of(&secret);
        let new = NewApiToken { name, role: input.role, expires_at: input.expires_at, hash };
        let token = self.ports.store.create_api_token(new, at).await?;
        // The token exists, and its secret cannot be retrieved again, so a failing read must not fail this call.
        self.reload_or_forget().await;
        info!(token = token.name, id = token.id.0, role = token.role.as_str(), "API token created");
        Ok((token, SecretString::from(secret)))
    }

    /// Returns all tokens that were not revoked, by name. Includes expired ones.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn list(&self) -> Result<Vec<ApiToken>> {
        let known = self.ports.store.known_tokens().await?;
        Ok(known.into_iter().filter(|known| known.revoked_at.is_none()).map(|known| known.token).collect())
    }

    /// Revokes a token. Connections that were opened with it are closed.
    ///
    /// # Errors
    /// Returns `NotFound`.
    pub async fn revoke(&self, id: ApiTokenId) -> Result<()> {
        self.ports.store.revoke_api_token(id, self.ports.clock.now()).await?;
        self.reload_or_forget().await;
        info!(token = self.name(id), id = id.0, "API token revoked");
        Ok(())
    }

    /// Authenticates a caller by its secret. Without a secret, a `local` caller is accepted as long as no token was
    /// ever created.
    ///
    /// # Errors
    /// Returns `Unauthenticated` with the reason.
    pub async fn holder(&self, secret: Option<&str>, local: bool) -> Result<Holder> {
        let Some(secret) = secret else {
            if local && self.current().await?.by_hash.is_empty() {
                let validity = Arc::clone(&self.memory.local);
                self.watch_local();
                return Ok(Holder { name: LOCAL.to_owned(), role: Role::Admin, has_token: false, validity });
            }
            return Err(Error::unauthenticated(
                "authentication required: send `Authorization: Bearer gloss_…`; create a token with `gloss token \
                 create`",
            ));
        };
        let hash = hash_of(secret);
        let mut found = self.known().await?.find(&hash).cloned();
        if found.is_none() && self.refresh().await? {
            found = self.memory.known.borrow().find(&hash).cloned();
        }
        let at = self.ports.clock.now();
        match found {
            Some(known) if known.opens(at) => {
                self.mark_used(&known.token, at);
                let ApiToken { id, name, role, .. } = known.token;
                Ok(Holder { name, role, has_token: true, validity: self.validity(id) })
            }
            Some(known) if known.revoked_at.is_some() => {
                Err(Error::unauthenticated("the token has been revoked; use another one"))
            }
            Some(_) => Err(Error::unauthenticated("the token has expired; use another one")),
            None => Err(Error::unauthenticated("unknown token; check it, or use another one")),
        }
    }

    /// Returns the signal that a token has ended, shared by all its users.
    fn validity(&self, id: ApiTokenId) -> Arc<Validity> {
        let mut validities = self.memory.validities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validity) = validities.get(&id).and_then(Weak::upgrade) {
            return validity;
        }
        validities.retain(|_, validity| validity.strong_count() > 0);
        let new = Arc::new(Validity::default());
        validities.insert(id, Arc::downgrade(&new));
        tokio::spawn(self.clone().watch(id, Arc::downgrade(&new)));
        new
    }

    /// Watches for the first token, which another process may create, as long as a local caller without one is served.
    fn watch_local(&self) {
        if self.memory.local_is_watched.swap(true, Ordering::Relaxed) {
            return;
        }
        let tokens = self.clone();
        tokio::spawn(async move {
            while Arc::strong_count(&tokens.memory.local) > 1 && tokens.memory.known.borrow().by_hash.is_empty() {
                tokio::time::sleep(MAX_AGE).await;
                let _known = tokens.current().await;
            }
            tokens.memory.local_is_watched.store(false, Ordering::Relaxed);
        });
    }

    /// Signals when a token ends. Returns early if nobody holds the signal any more.
    async fn watch(self, id: ApiTokenId, validity: Weak<Validity>) {
        let mut known = self.memory.known.subscribe();
        loop {
            let at = self.ports.clock.now();
            let left = match known.borrow_and_update().opening(id, at) {
                Some(token) => token.expires_at.map_or(MAX_AGE, |end| (end - at).to_std().unwrap_or_default()),
                None => break,
            };
            tokio::select! {
                _ = known.changed() => {}
                () = tokio::time::sleep(left.min(MAX_AGE)) => {
                    if validity.strong_count() == 0 {
                        return;
                    }
                    if let Err(error) = self.refresh().await {
                        warn!(error = &error as &dyn std::error::Error, "the API tokens could not be read");
                    }
                }
            }
        }
        if let Some(validity) = validity.upgrade() {
            info!(token = self.name(id), id = id.0, "an API token expired or was revoked while it was in use");
            validity.end();
        }
    }

    /// Returns the name of a token, for the log.
    fn name(&self, id: ApiTokenId) -> Option<String> {
        self.memory.known.borrow().name(id)
    }

    /// Returns the cached tokens. Reads the store if nothing is cached yet.
    async fn known(&self) -> Result<Known> {
        if self.memory.known.borrow().at.is_none() {
            self.refresh().await?;
        }
        Ok(self.memory.known.borrow().clone())
    }

    /// Returns the cached tokens. Reads the store if they are not fresh; if it cannot be read, they stay as they are.
    async fn current(&self) -> Result<Known> {
        if let Err(error) = self.refresh().await {
            tracing::debug!(%error, "the API tokens could not be read");
        }
        self.known().await
    }

    /// Reads the store unless the cache is fresh. Returns whether it did.
    async fn refresh(&self) -> Result<bool> {
        let _reading = self.memory.reading.lock().await;
        let fresh = self.memory.known.borrow().at.is_some_and(|at| at.elapsed() < MAX_AGE);
        if !fresh {
            self.read().await?;
        }
        Ok(!fresh)
    }

    /// Reads the store after a change.
    async fn reload(&self) -> Result<()> {
        let _reading = self.memory.reading.lock().await;
        self.read().await
    }

    /// Reads the store after a change. If that fails, clears the cache, so that the next caller reads the store.
    async fn reload_or_forget(&self) {
        if let Err(error) = self.reload().await {
            warn!(error = &error as &dyn std::error::Error, "the API tokens could not be read");
            self.memory.known.send_modify(|known| known.at = None);
        }
    }

    async fn read(&self) -> Result<()> {
        let at = Instant::now();
        let tokens = self.ports.store.known_tokens().await?;
        let by_hash: HashMap<_, _> = tokens.into_iter().map(|known| (beginning(&known.hash), known)).collect();
        let any = !by_hash.is_empty();
        self.memory.known.send_replace(Known { at: Some(at), by_hash: Arc::new(by_hash) });
        if any {
            self.memory.local.end();
        }
        Ok(())
    }

    /// Records when a token was last used, unless that was recorded within the last minute. Does not wait for the
    /// store.
    fn mark_used(&self, token: &ApiToken, at: Moment) {
        let mut uses = self.memory.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let written = uses.get(&token.id).copied().or(token.last_used_at);
        if written.is_some_and(|written| (at - written).abs() < USE_WRITTEN_EVERY) {
            return;
        }
        uses.insert(token.id, at);
        drop(uses);
        let (store, id) = (Arc::clone(&self.ports.store), token.id);
        tokio::spawn(async move {
            if let Err(error) = store.mark_api_token_used(id, at).await {
                warn!(error = &error as &dyn std::error::Error, "the last use of an API token could not be recorded");
            }
        });
    }
}
