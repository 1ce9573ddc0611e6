//! Sealed secrets: AES-256-GCM under a key that is kept outside the store.
//!
//! The rules: every secret written to the store is sealed, and it opens only under its key and for its column. The
//! probe, a known text, is sealed too, so that a wrong key is found when the store is opened, not when a secret is
//! needed.
//!
//! To add a secret, seal its column as `profiles.rs` does, and read and write it in `secrets` and `write`, so that it
//! is sealed again when the key changes.

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

use super::{OpenError, trouble::DbResult as _};
use crate::domain::{Error, Result};

/// The prefix of sealed texts. No URL and no API key starts with it.
const PREFIX: &str = "sealed:1:";
/// The text of the probe, and the name that it is sealed for.
const PROBE: &str = "gloss";
/// The key of the probe's row.
const PROBE_ID: i32 = 1;
/// Minimum number of characters of a key. If they are random, 32 of any kind are strong enough.
pub const MIN_KEY_CHARACTERS: usize = 32;

/// The column of database URLs.
pub(super) const DB_URL: &str = "db_profile.url";
/// The column of API keys of models.
pub(super) const LLM_KEY: &str = "llm_profile.api_key";

/// The text is too short for a key.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key for the store's secrets has fewer than {MIN_KEY_CHARACTERS} characters; create one with `openssl rand \
     -base64 32`"
)]
pub struct WeakKey;

/// The key that seals the store's secrets.
pub struct SealKey(LessSafeKey);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// The system has no randomness, or the library refuses. Neither happens in practice.
fn failed(_: ring::error::Unspecified) -> Error {
    Error::internal("a secret could not be sealed or opened")
}

impl SealKey {
    /// Creates the text of a new key: 256 random bits in URL-safe Base64.
    ///
    /// # Errors
    /// Returns an error if the system has no randomness.
    pub fn new_text() -> Result<SecretString> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(failed)?;
        let text = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        Ok(text)
    }

    /// Derives the key from a text. The text is random, so the derivation need not be slow.
    ///
    /// # Errors
    /// Returns [`WeakKey`] if the text has fewer than 32 characters.
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

    /// Opens a secret that was sealed for a column.
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

/// Reads the probe. Works on stores of any version.
pub(super) async fn probe(connection: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    let row = seal::Entity::find_by_id(PROBE_ID).select_only().column(seal::Column::Probe);
    row.into_tuple().one(connection).await
}

/// Returns whether the probe was sealed with this key.
pub(super) fn opens(key: &SealKey, probe: &str) -> bool {
    key.open(PROBE, probe).is_ok()
}

/// Checks that the key opens a store's secrets, and seals those that an earlier version stored in plain text. Returns
/// whether there were any; the caller then removes the plain ones from the store's files.
pub(super) async fn unlock(writer: &DatabaseConnection, key: &SealKey) -> Result<bool, OpenError> {
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
    }
    Ok(sealed_any)
}

/// Seals all secrets with a new key, or none if it fails. Returns their number.
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

/// The names of the profiles whose secrets were deleted.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// DB profiles that lost their URL.
    pub db_profiles: Vec<String>,
    /// LLM profiles that lost their API key.
    pub llm_profiles: Vec<String>,
}

impl Forgotten {
    /// Returns whether no secret was deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.db_profiles.is_empty() && self.llm_profiles.is_empty()
    }
}

/// Returns the profiles whose secrets a key does not open.
pub(super) async fn unopened(connection: &impl ConnectionTrait, key: &SealKey) -> Result<Forgotten, OpenError> {
    let mut unopened = Forgotten::default();
    for (column, id, text) in secrets(connection).await? {
        if !text.starts_with(PREFIX) || key.open(column, &text).is_ok() {
            continue;
        }
        if column == DB_URL {
            let profile = db_profile::Entity::find_by_id(id).one(connection).await?;
            unopened.db_profiles.extend(profile.map(|profile| profile.name));
        } else {
            let profile = llm_profile::Entity::find_by_id(id).one(connection).await?;
            unopened.llm_profiles.extend(profile.map(|profile| profile.name));
        }
    }
    Ok(unopened)
}

/// Deletes the secrets that a key does not open. A URL keeps its scheme; an API key is removed. Without `really`,
/// nothing is deleted.
pub(super) async fn forget(writer: &DatabaseConnection, key: &SealKey, really: bool) -> Result<Forgotten, OpenError> {
    let transaction = writer.begin().await?;
    let mut forgotten = Forgotten::default();
    for (column, id, text) in secrets(&transaction).await? {
        if !text.starts_with(PREFIX) || key.open(column, &text).is_ok() {
            continue;
        }
        if column == DB_URL {
            let Some(profile) = db_profile::Entity::find_by_id(id).one(&transaction).await? else { continue };
            let scheme = format!("{}:", profile.backend.0.as_str().to_lowercase());
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
    // A key that opens everything becomes the store's key.
    if really || forgotten.is_empty() {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(forgotten)
}

/// Checks that the probe's row exists.
pub(super) async fn is_there(connection: &impl ConnectionTrait) -> Result<()> {
    probe(connection).await.db()?.map(drop).ok_or_else(lost)
}

/// Writes to the probe's row, to check that the store takes writes.
pub(super) async fn prove(connection: &impl ConnectionTrait) -> Result<()> {
    let next = Expr::col(seal::Column::Proofs).add(1);
    let update = seal::Entity::update_many().col_expr(seal::Column::Proofs, next);
    let proved = update.filter(seal::Column::Id.eq(PROBE_ID)).exec(connection).await.db()?;
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

/// Returns all secrets of the store as column, row id and text.
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
