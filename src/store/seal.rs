//! Secrets in the store, sealed: AES-256-GCM under a key that is kept elsewhere.
//!
//! The rule: what leaves this program for the store's file is sealed, and a sealed text opens only under its key and
//! for what it was sealed for. A text that everybody knows is sealed too, the probe: by it a wrong key is found when
//! the store is opened, not when a secret is needed. To keep another secret, seal its column as `profiles.rs` does and
//! read and write it in `secrets` and `write`, so that it is sealed anew when the key changes.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{db_profile, llm_profile, seal};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
    rand::{SecureRandom, SystemRandom},
};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect,
    TransactionTrait,
    sea_query::{Expr, ExprTrait},
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::{OpenError, dialect};
use crate::domain::{Error, Result};

/// Before what is sealed; no URL and no key of a provider begins so.
const PREFIX: &str = "sealed:1:";
/// What the probe says, and is for.
const PROBE: &str = "gloss";
/// The key of the probe's row.
const PROBE_ID: i32 = 1;
/// Characters of a key, at least: 32 of anything hold enough where they are random.
pub const MIN_KEY_CHARACTERS: usize = 32;

/// The column with the URLs of databases.
pub(super) const DB_URL: &str = "db_profile.url";
/// The column with the keys of models.
pub(super) const LLM_KEY: &str = "llm_profile.api_key";

/// A text that is too short for a key.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key for the store's secrets has fewer than {MIN_KEY_CHARACTERS} characters; create one with `openssl rand \
     -base64 32`"
)]
pub struct WeakKey;

/// What the store's secrets are sealed with.
pub struct SealKey(LessSafeKey);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// The system's source of randomness does not answer, or the library refuses: neither happens in practice.
fn failed(_: ring::error::Unspecified) -> Error {
    Error::internal("a secret could not be sealed or opened")
}

impl SealKey {
    /// The text of a new key: 256 random bits.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn new_text() -> Result<SecretString> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(failed)?;
        let text = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        Ok(text)
    }

    /// The key that a text stands for. The text is random, so nothing has to slow down who guesses.
    ///
    /// # Errors
    /// [`WeakKey`].
    pub fn of_text(text: &SecretString) -> Result<Self, WeakKey> {
        let text = text.expose_secret().trim();
        if text.chars().count() < MIN_KEY_CHARACTERS {
            return Err(WeakKey);
        }
        let drawn = hkdf::Salt::new(hkdf::HKDF_SHA256, b"gloss").extract(text.as_bytes());
        let key = drawn.expand(&[b"secrets in the store, 1"], &AES_256_GCM).map_err(|_| WeakKey)?;
        Ok(Self(LessSafeKey::new(UnboundKey::from(key))))
    }

    /// Seals a secret for a column.
    pub(super) fn seal(&self, column: &str, secret: &str) -> Result<String> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let mut text = secret.as_bytes().to_vec();
        let aad = Aad::from(column.as_bytes());
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).map_err(failed)?;
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat())))
    }

    /// Opens what was sealed for a column.
    pub(super) fn open(&self, column: &str, sealed: &str) -> Result<SecretString> {
        let broken = || Error::internal(format!("a secret of {column} does not open under its key"));
        let bytes = sealed.strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let mut bytes = bytes.filter(|bytes| bytes.len() >= NONCE_LEN).ok_or_else(broken)?;
        let mut text = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(failed)?;
        let aad = Aad::from(column.as_bytes());
        let opened = self.0.open_in_place(nonce, aad, &mut text).map_err(|_| broken())?;
        let secret = String::from_utf8(opened.to_vec()).map_err(|_| broken())?;
        text.zeroize();
        Ok(SecretString::from(secret))
    }
}

/// What a store's own row says, however old the store is.
pub(super) async fn probe(connection: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    let row = seal::Entity::find_by_id(PROBE_ID).select_only().column(seal::Column::Probe);
    row.into_tuple().one(connection).await
}

/// Whether a key is the one by which the probe was sealed.
pub(super) fn opens(key: &SealKey, probe: &str) -> bool {
    key.open(PROBE, probe).is_ok()
}

/// Checks that a store's secrets open under a key, and seals what an earlier version left open.
pub(super) async fn unlock(writer: &DatabaseConnection, key: &SealKey) -> Result<(), OpenError> {
    let probe = probe(writer).await?;
    if probe.as_ref().is_some_and(|probe| !opens(key, probe)) {
        return Err(OpenError::WrongKey);
    }
    let transaction = writer.begin().await?;
    let mut sealed_any = false;
    for (column, id, text) in secrets(&transaction).await? {
        if !text.starts_with(PREFIX) {
            write(&transaction, column, id, key.seal(column, &text)?).await?;
            sealed_any = true;
        }
    }
    if probe.is_none() {
        write_probe(&transaction, key).await?;
    }
    transaction.commit().await?;
    if sealed_any {
        tracing::info!("the passwords and API keys of profiles were stored unsealed; they are sealed now");
        dialect::scrub(writer).await?;
    }
    Ok(())
}

/// Seals all secrets anew, or none.
pub(super) async fn reseal(writer: &DatabaseConnection, old: &SealKey, new: &SealKey) -> Result<usize, OpenError> {
    let transaction = writer.begin().await?;
    let secrets = secrets(&transaction).await?;
    for (column, id, text) in &secrets {
        let secret = old.open(column, text)?;
        write(&transaction, column, *id, new.seal(column, secret.expose_secret())?).await?;
    }
    seal::Entity::delete_by_id(PROBE_ID).exec(&transaction).await?;
    write_probe(&transaction, new).await?;
    transaction.commit().await?;
    Ok(secrets.len())
}

/// The profiles whose secrets were let go of, by name.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// Their URLs.
    pub db_profiles: Vec<String>,
    /// Their API keys.
    pub llm_profiles: Vec<String>,
}

impl Forgotten {
    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.db_profiles.is_empty() && self.llm_profiles.is_empty()
    }
}

/// Lets go of the secrets that a key does not open: of a URL the scheme stays, of an API key nothing.
pub(super) async fn forget(writer: &DatabaseConnection, key: &SealKey, really: bool) -> Result<Forgotten, OpenError> {
    let transaction = writer.begin().await?;
    let mut forgotten = Forgotten::default();
    for (column, id, text) in secrets(&transaction).await? {
        if !text.starts_with(PREFIX) || key.open(column, &text).is_ok() {
            continue;
        }
        if column == DB_URL {
            let Some(profile) = db_profile::Entity::find_by_id(id).one(&transaction).await? else { continue };
            let scheme = format!("{}:", profile.backend.to_lowercase());
            write(&transaction, column, id, key.seal(column, &scheme)?).await?;
            forgotten.db_profiles.push(profile.name);
        } else {
            let Some(profile) = llm_profile::Entity::find_by_id(id).one(&transaction).await? else { continue };
            let update = llm_profile::Entity::update_many()
                .col_expr(llm_profile::Column::ApiKey, Expr::value(None::<String>))
                .filter(llm_profile::Column::Id.eq(id));
            update.exec(&transaction).await?;
            forgotten.llm_profiles.push(profile.name);
        }
    }
    seal::Entity::delete_by_id(PROBE_ID).exec(&transaction).await?;
    write_probe(&transaction, key).await?;
    // A key that opens all there is becomes the store's.
    if really || forgotten.is_empty() {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(forgotten)
}

/// Whether the store's own row can be read.
pub(super) async fn is_there(connection: &impl ConnectionTrait) -> Result<()> {
    probe(connection).await?.map(drop).ok_or_else(lost)
}

/// Writes to the store's own row.
pub(super) async fn prove(connection: &impl ConnectionTrait) -> Result<()> {
    let next = Expr::col(seal::Column::Proofs).add(1);
    let update = seal::Entity::update_many().col_expr(seal::Column::Proofs, next);
    let proved = update.filter(seal::Column::Id.eq(PROBE_ID)).exec(connection).await?;
    if proved.rows_affected == 0 { Err(lost()) } else { Ok(()) }
}

fn lost() -> Error {
    Error::unavailable(
        "the store has lost its records; stop Gloss, restore the store from a backup and start Gloss again",
    )
}

async fn write_probe(connection: &impl ConnectionTrait, key: &SealKey) -> Result<(), OpenError> {
    let row = seal::ActiveModel {
        id: ActiveValue::Set(PROBE_ID),
        probe: ActiveValue::Set(key.seal(PROBE, PROBE)?),
        proofs: ActiveValue::Set(0),
    };
    seal::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// All secrets of the store: column, row, text.
async fn secrets(connection: &impl ConnectionTrait) -> Result<Vec<(&'static str, i64, String)>, DbErr> {
    let urls = db_profile::Entity::find().select_only().columns([db_profile::Column::Id, db_profile::Column::Url]);
    let urls: Vec<(i64, String)> = urls.into_tuple().all(connection).await?;
    let keys = llm_profile::Entity::find()
        .select_only()
        .columns([llm_profile::Column::Id, llm_profile::Column::ApiKey])
        .filter(llm_profile::Column::ApiKey.is_not_null());
    let keys: Vec<(i64, String)> = keys.into_tuple().all(connection).await?;
    let of = |column| move |(id, text)| (column, id, text);
    Ok(urls.into_iter().map(of(DB_URL)).chain(keys.into_iter().map(of(LLM_KEY))).collect())
}

async fn write(connection: &impl ConnectionTrait, column: &str, id: i64, text: String) -> Result<(), DbErr> {
    if column == DB_URL {
        let update = db_profile::Entity::update_many().col_expr(db_profile::Column::Url, Expr::value(text));
        update.filter(db_profile::Column::Id.eq(id)).exec(connection).await?;
    } else {
        let update = llm_profile::Entity::update_many().col_expr(llm_profile::Column::ApiKey, Expr::value(text));
        update.filter(llm_profile::Column::Id.eq(id)).exec(connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: &str) -> SealKey {
        SealKey::of_text(&letter.repeat(MIN_KEY_CHARACTERS).into()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_under_its_key_and_for_its_column_alone() {
        let sealed = key("a").seal(DB_URL, "postgres://ann:hunter2@db").unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_ne!(sealed, key("a").seal(DB_URL, "postgres://ann:hunter2@db").unwrap());
        assert_eq!(key("a").open(DB_URL, &sealed).unwrap().expose_secret(), "postgres://ann:hunter2@db");
        assert!(key("b").open(DB_URL, &sealed).is_err());
        assert!(key("a").open(LLM_KEY, &sealed).is_err());
        for broken in ["", "sealed:1:", "sealed:1:AAAA", "sealed:1:%", "hunter2", &sealed[..sealed.len() - 2]] {
            let error = key("a").open(DB_URL, broken).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(SealKey::of_text(&"short".into()).is_err());
        assert!(SealKey::of_text(&format!("{}    ", "x".repeat(31)).into()).is_err());
        assert!(SealKey::of_text(&SealKey::new_text().unwrap()).is_ok());
        assert_eq!(format!("{:?}", key("a")), "SealKey(…)");
    }
}
