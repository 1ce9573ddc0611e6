//! API tokens: make, list, revoke, know again.
//!
//! The rule: a secret is shown once and kept nowhere; from the first token on nobody does anything without one, and
//! what was open without ends. What is kept of all tokens is in memory, so that a request costs no look at the store. A
//! token that another process made or revoked is noticed when an unknown secret comes, and every few seconds while
//! somebody holds one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
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

/// Before every secret, so that people and scanners of leaked secrets know one when they see it.
pub const PREFIX: &str = "gloss_";
/// The name of who asks from this machine while there are no tokens.
pub const LOCAL: &str = "local";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// How old may be what is known of tokens that another process can change.
const FRESH: Duration = Duration::from_secs(5);
/// The last use is written at most so often.
const USE_WRITTEN_EVERY: chrono::Duration = chrono::Duration::minutes(1);

/// A token to be made.
#[derive(Debug, Clone)]
pub struct CreateToken {
    /// Its name.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// From when on it is worth nothing.
    pub expires_at: Option<Moment>,
}

/// The holder of a token, or the person at this machine.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The name that what they do is recorded under.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they hold a token.
    pub has_token: bool,
    /// What they have open.
    pub held: Arc<Held>,
}

/// What is open by a token, or without one, as long as somebody has this.
#[derive(Debug, Default)]
pub struct Held(CancellationToken);

impl Held {
    /// Trips when it must end: the token was revoked or has expired; without one, the first token was made.
    pub fn ended(&self) -> CancellationToken {
        self.0.clone()
    }

    /// Ends what is open.
    pub fn end(&self) {
        self.0.cancel();
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    ports: Ports,
    memory: Arc<Memory>,
}

/// What is known without a look at the store.
#[derive(Default)]
struct Memory {
    known: watch::Sender<Known>,
    /// Held while the store is asked, so that many who wait ask once.
    asking: tokio::sync::Mutex<()>,
    /// The last uses that were written.
    uses: Mutex<HashMap<ApiTokenId, Moment>>,
    /// What is open by tokens.
    held: Mutex<HashMap<ApiTokenId, Weak<Held>>>,
    /// What is open at this machine without a token.
    local: Arc<Held>,
}

/// All tokens that were ever made, as of a moment.
#[derive(Clone, Default)]
struct Known {
    at: Option<Instant>,
    by_hash: Arc<HashMap<[u8; 8], KnownToken>>,
}

impl Known {
    /// The token behind a secret. The place in the map tells a part of the hash, of which nobody can make use; the
    /// whole is compared in constant time.
    fn find(&self, hash: &TokenHash) -> Option<&KnownToken> {
        let found = self.by_hash.get(&beginning(hash))?;
        bool::from(found.hash.0.ct_eq(&hash.0)).then_some(found)
    }

    /// A token, where it opens the door at a moment.
    fn opening(&self, id: ApiTokenId, at: Moment) -> Option<&ApiToken> {
        self.by_hash.values().find(|known| known.token.id == id && known.opens(at)).map(|known| &known.token)
    }

    /// The name of a token.
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
    /// Over these ports.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        Self { ports, memory: Arc::default() }
    }

    /// Makes a token; gives it and its secret, which nobody can give again.
    ///
    /// # Errors
    /// `BadInput`; `Conflict` where the name is taken.
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
        // The token is made, and nobody can give its secret again: that the store cannot be read now is no matter.
        self.reload_or_forget().await;
        info!(token = token.name, id = token.id.0, role = token.role.as_str(), "API token created");
        Ok((token, SecretString::from(secret)))
    }

    /// All tokens that were not revoked, by name; expired ones too.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self) -> Result<Vec<ApiToken>> {
        let known = self.ports.store.known_tokens().await?;
        Ok(known.into_iter().filter(|known| known.revoked_at.is_none()).map(|known| known.token).collect())
    }

    /// Revokes a token: it opens nothing any more, and what it had opened ends.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke(&self, id: ApiTokenId) -> Result<()> {
        self.ports.store.revoke_api_token(id, self.ports.clock.now()).await?;
        self.reload_or_forget().await;
        info!(token = self.name(id), id = id.0, "API token revoked");
        Ok(())
    }

    /// The holder of this secret, or of none. `local` is whether a caller without one is the person at this machine,
    /// while no token was ever made.
    ///
    /// # Errors
    /// `Unauthenticated`, saying why.
    pub async fn holder(&self, secret: Option<&str>, local: bool) -> Result<Holder> {
        let Some(secret) = secret else {
            if local && self.known().await?.by_hash.is_empty() {
                let held = Arc::clone(&self.memory.local);
                return Ok(Holder { name: LOCAL.to_owned(), role: Role::Admin, has_token: false, held });
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
                Ok(Holder { name, role, has_token: true, held: self.held(id) })
            }
            Some(known) if known.revoked_at.is_some() => {
                Err(Error::unauthenticated("the token has been revoked; use another one"))
            }
            Some(_) => Err(Error::unauthenticated("the token has expired; use another one")),
            None => Err(Error::unauthenticated("unknown token; check it, or use another one")),
        }
    }

    /// What trips when a token ends, for all that is open by it.
    fn held(&self, id: ApiTokenId) -> Arc<Held> {
        let mut held = self.memory.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.get(&id).and_then(Weak::upgrade) {
            return held;
        }
        held.retain(|_, held| held.strong_count() > 0);
        let new = Arc::new(Held::default());
        held.insert(id, Arc::downgrade(&new));
        tokio::spawn(self.clone().watch(id, Arc::downgrade(&new)));
        new
    }

    /// Trips what is held by a token when it ends; leaves when nobody holds anything by it.
    async fn watch(self, id: ApiTokenId, held: Weak<Held>) {
        let mut known = self.memory.known.subscribe();
        loop {
            let at = self.ports.clock.now();
            let left = match known.borrow_and_update().opening(id, at) {
                Some(token) => token.expires_at.map_or(FRESH, |end| (end - at).to_std().unwrap_or_default()),
                None => break,
            };
            tokio::select! {
                _ = known.changed() => {}
                () = tokio::time::sleep(left.min(FRESH)) => {
                    if held.strong_count() == 0 {
                        return;
                    }
                    if let Err(error) = self.refresh().await {
                        warn!(error = &error as &dyn std::error::Error, "the API tokens could not be read");
                    }
                }
            }
        }
        if let Some(held) = held.upgrade() {
            info!(token = self.name(id), id = id.0, "an API token expired or was revoked while it was in use");
            held.end();
        }
    }

    /// The name of a token, for the log.
    fn name(&self, id: ApiTokenId) -> Option<String> {
        self.memory.known.borrow().name(id)
    }

    /// What is known, read from the store where nothing is as yet.
    async fn known(&self) -> Result<Known> {
        if self.memory.known.borrow().at.is_none() {
            self.refresh().await?;
        }
        Ok(self.memory.known.borrow().clone())
    }

    /// Reads the store unless what is known is fresh; gives whether it did.
    async fn refresh(&self) -> Result<bool> {
        let _asking = self.memory.asking.lock().await;
        let fresh = self.memory.known.borrow().at.is_some_and(|at| at.elapsed() < FRESH);
        if !fresh {
            self.read().await?;
        }
        Ok(!fresh)
    }

    /// Reads the store after a change.
    async fn reload(&self) -> Result<()> {
        let _asking = self.memory.asking.lock().await;
        self.read().await
    }

    /// Reads the store after a change. Where that fails, nothing is known any more, and who comes next asks the store.
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

    /// Writes when a token was last used, where that was not written within the last minute. Nobody waits for it.
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
