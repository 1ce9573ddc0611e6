//! The key that seals the store's secrets: from the environment, or from a file in the data folder.
//!
//! The rules:
//! - A key is never passed on the command line, and only its owner can read the key file.
//! - A new key replaces the old one only after all secrets are sealed with it. Until then it is in a file of its own
//!   beside the old one.
//! - The key file records that a store was sealed with its key, so that a store that is lost later is noticed.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::{Forgotten, Found, OpenError, SealKey, WeakKey, forget, reseal};
use crate::{
    domain::Error,
    port::environment::{NEW_SECRET_KEY, SECRET_KEY},
};

/// The key file in the data folder.
const FILE: &str = "secret.key";
/// The file of the new key during a rotation.
const NEW_FILE: &str = "secret.key.new";
/// The line that marks a key as used.
const USED: &str = "# A store is sealed with this key: keep a copy of both.";

/// Why there is no usable key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key is too short.
    #[error("{origin}: {source}")]
    Weak {
        /// The variable or the file that holds the key.
        origin: String,
        /// The cause.
        source: WeakKey,
    },
    /// The key file cannot be read or written.
    #[error("cannot use the key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("cannot create a key: {0}")]
    Random(#[from] Error),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store was sealed with a different key.
    #[error(
        "the passwords and API keys in the store were sealed with a different key than the one in {origin}; restore \
         the key file {} of this store, or set {SECRET_KEY} to the key that sealed it. If that key is lost, `gloss \
         secrets forget` removes the secrets that it sealed", file.display()
    )]
    Wrong {
        /// The variable or the file that holds the key.
        origin: String,
        /// The path of the key file.
        file: PathBuf,
    },
    /// The store was sealed, but its key is missing.
    #[error(
        "the passwords and API keys in the store are sealed, but the key file {} is missing; restore it, or set \
         {SECRET_KEY} to the key that sealed them. If that key is lost, `gloss secrets forget` removes them",
        file.display()
    )]
    Missing {
        /// The path where the key file was expected.
        file: PathBuf,
    },
    /// Deleting secrets was not confirmed.
    #[error("the key in {origin} does not open {what}; to remove them and set them again, run this command with --yes")]
    Unsaid {
        /// The variable or the file that holds the key.
        origin: String,
        /// What would be deleted.
        what: String,
    },
    /// The key comes from the environment, so a rotation needs the new key from there too.
    #[error(
        "the key comes from {SECRET_KEY}; set {NEW_SECRET_KEY} to a new key (create one with `openssl rand -base64 \
         32`) and run this command again"
    )]
    NoNewKey,
}

/// A key and its origin.
pub struct Key {
    /// The variable or the file that holds the key, for messages.
    origin: String,
    text: SecretString,
    folder: PathBuf,
    /// Whether the key was just created.
    is_new: bool,
    in_file: bool,
}

impl Key {
    /// Returns the key of a data folder: from the environment, or else from the file. Creates the file if it does not
    /// exist.
    ///
    /// # Errors
    /// Returns a [`KeyError`].
    pub fn of(folder: &Path, environment: Option<SecretString>) -> Result<Self, KeyError> {
        let file = folder.join(FILE);
        if let Some(key) = Self::known(folder, environment)? {
            if key.in_file {
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600))
                    .map_err(|source| KeyError::File { path: file, source })?;
            }
            return Ok(key);
        }
        let text = SealKey::new_text()?;
        write(&file, &text)?;
        Ok(Self { origin: file.display().to_string(), text, folder: folder.to_owned(), is_new: true, in_file: true })
    }

    /// Returns the key of a data folder, if there is one. Changes nothing.
    fn known(folder: &Path, environment: Option<SecretString>) -> Result<Option<Self>, KeyError> {
        let key =
            |origin: String, text, in_file| Self { origin, text, folder: folder.to_owned(), is_new: false, in_file };
        if let Some(text) = environment {
            return Ok(Some(key(SECRET_KEY.to_owned(), text, false)));
        }
        let file = folder.join(FILE);
        if !file.exists() {
            return Ok(None);
        }
        Ok(Some(key(file.display().to_string(), read(&file)?, true)))
    }

    /// Checks whether the current key opens a store. Changes nothing.
    ///
    /// # Errors
    /// Returns a [`KeyError`].
    pub fn check(folder: &Path, environment: Option<SecretString>, store: &Found) -> Result<(), KeyError> {
        Self::opening(folder, environment, store).map(drop)
    }

    /// Returns the key that opens a store; `None` if there is no key and the store needs none. Changes nothing.
    ///
    /// # Errors
    /// Returns a [`KeyError`].
    pub fn opening(
        folder: &Path,
        environment: Option<SecretString>,
        store: &Found,
    ) -> Result<Option<SealKey>, KeyError> {
        let file = folder.join(FILE);
        let Some(key) = Self::known(folder, environment)? else {
            return if store.is_sealed() { Err(KeyError::Missing { file }) } else { Ok(None) };
        };
        let present = key.sealing(&key.text)?;
        if store.opens(&present) {
            return Ok(Some(present));
        }
        let new = folder.join(NEW_FILE);
        if key.in_file && new.exists() {
            let new = key.sealing(&read(&new)?)?;
            if store.opens(&new) {
                return Ok(Some(new));
            }
        }
        Err(KeyError::Wrong { origin: key.origin, file })
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn sealing(&self, text: &SecretString) -> Result<SealKey, KeyError> {
        SealKey::of_text(text).map_err(|source| KeyError::Weak { origin: self.origin.clone(), source })
    }

    /// Opens a store with this key, or with the new key that an interrupted rotation left beside it.
    ///
    /// # Errors
    /// Returns a [`KeyError`]. A key that was just created and does not open the store is deleted again.
    pub async fn open<T, F>(self, open: impl Fn(SealKey) -> F) -> Result<T, KeyError>
    where
        F: Future<Output = Result<T, OpenError>>,
    {
        match open(self.sealing(&self.text)?).await {
            Err(OpenError::WrongKey) => {}
            Ok(opened) => {
                if self.in_file {
                    mark_used(&self.file());
                }
                return Ok(opened);
            }
            Err(error) => return Err(error.into()),
        }
        let new = self.folder.join(NEW_FILE);
        if self.in_file && new.exists() {
            match open(self.sealing(&read(&new)?)?).await {
                Ok(opened) => {
                    fs::rename(&new, self.file()).map_err(|source| KeyError::File { path: new, source })?;
                    mark_used(&self.file());
                    return Ok(opened);
                }
                Err(OpenError::WrongKey) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if self.is_new {
            // Restore the state from before, so that the next start reports the same error.
            let _gone = fs::remove_file(self.file());
            return Err(KeyError::Missing { file: self.file() });
        }
        Err(KeyError::Wrong { origin: self.origin.clone(), file: self.file() })
    }

    /// Deletes the secrets of a store that this key does not open, so that the store opens with it. Returns the result
    /// as text for the operator.
    ///
    /// # Errors
    /// Returns a [`KeyError`]. Without `really`, that is [`KeyError::Unsaid`] if any secret would be deleted.
    pub async fn forget(self, store_url: &str, really: bool) -> Result<String, KeyError> {
        let forgotten = forget(store_url, &self.sealing(&self.text)?, really).await;
        if self.is_new && !forgotten.as_ref().is_ok_and(|forgotten| really || forgotten.is_empty()) {
            let _gone = fs::remove_file(self.file());
        }
        let forgotten = forgotten?;
        let Forgotten { db_profiles, llm_profiles } = &forgotten;
        if forgotten.is_empty() {
            return Ok(format!("The key in {} opens all secrets of the store; nothing was removed.", self.origin));
        }
        let named = |what: &str, kind: &str, names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("{kind} {name:?}")).collect();
            (!names.is_empty()).then(|| format!("{what} of {}", names.join(", ")))
        };
        let urls = named("the URL", "DB profile", db_profiles);
        let keys = named("the API key", "LLM profile", llm_profiles);
        let what = urls.into_iter().chain(keys).collect::<Vec<_>>().join(" and ");
        if !really {
            return Err(KeyError::Unsaid { origin: self.origin, what });
        }
        Ok(format!("Removed {what}; set them again with `updateDbProfile` and `updateLlmProfile`."))
    }

    /// Seals all secrets of a store with a new key: the one in the environment, or else a new one in the key file.
    /// Returns the number of secrets and the next step for the operator.
    ///
    /// # Errors
    /// Returns a [`KeyError`]. If it is unclear which key is in force, the next start finds out: no key is deleted.
    pub async fn rotate(self, store_url: &str, new: Option<SecretString>) -> Result<(usize, String), KeyError> {
        let file = self.file();
        let waiting = self.folder.join(NEW_FILE);
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| KeyError::File { path, source }
        };
        let seal_with = async |new: &SecretString| {
            let new =
                SealKey::of_text(new).map_err(|source| KeyError::Weak { origin: NEW_SECRET_KEY.to_owned(), source })?;
            match reseal(store_url, &self.sealing(&self.text)?, &new).await {
                Err(OpenError::WrongKey) => Err(KeyError::Wrong { origin: self.origin.clone(), file: file.clone() }),
                other => Ok(other?),
            }
        };
        if let Some(new) = new {
            let sealed = seal_with(&new).await?;
            if file.exists() {
                fs::remove_file(&file).map_err(unusable(&file))?;
            }
            return Ok((sealed, format!("start Gloss with {SECRET_KEY} set to the new key from now on")));
        }
        if !self.in_file {
            return Err(KeyError::NoNewKey);
        }
        let new = SealKey::new_text()?;
        write(&waiting, &new)?;
        // Sealing may succeed even if an error is reported, so the new key stays where a start looks for it.
        let sealed = seal_with(&new).await?;
        fs::rename(&waiting, &file).and_then(|()| sync_folder(&file)).map_err(unusable(&waiting))?;
        mark_used(&file);
        Ok((sealed, format!("the new key is in {}; keep a copy of it with your backups", file.display())))
    }
}

/// Returns whether a store was sealed with the key file of a data folder.
///
/// # Errors
/// Returns [`KeyError::File`].
pub fn was_used(folder: &Path) -> Result<bool, KeyError> {
    let file = folder.join(FILE);
    Ok(file.exists() && whole(&file)?.1)
}

/// Returns the path of the key file in a data folder.
#[must_use]
pub fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Marks a key file as used. Appends a line and leaves the key before it unchanged.
fn mark_used(file: &Path) {
    let mark = || {
        let used = whole(file).map_err(|_| io::Error::other("it cannot be read"))?.1;
        if used {
            return Ok(());
        }
        let mut file = fs::OpenOptions::new().append(true).open(file)?;
        // A key file written by hand may end without a line break.
        file.write_all(format!("\n{USED}\n").as_bytes())?;
        file.sync_all()
    };
    if let Err(error) = mark() {
        tracing::warn!(file = %file.display(), %error, "the next start will not notice a lost store");
    }
}

fn read(path: &Path) -> Result<SecretString, KeyError> {
    Ok(whole(path)?.0)
}

/// Returns the key in a file, and whether the file is marked as used. The mark may be incomplete after a crash.
fn whole(path: &Path) -> Result<(SecretString, bool), KeyError> {
    let mut text = fs::read_to_string(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    let mark = text.find("\n#");
    let key = SecretString::from(&text[..mark.unwrap_or(text.len())]);
    let used = mark.is_some_and(|mark| text[mark..].trim_end().ends_with(USED));
    text.zeroize();
    Ok((key, used))
}

/// Syncs a file's folder, so that a rename in it survives a power failure.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Writes a key so that it survives a power failure. It is written to a temporary file and then renamed, so that a full
/// disk leaves no incomplete key.
fn write(path: &Path, key: &SecretString) -> Result<(), KeyError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut text = format!("{}\n", key.expose_secret());
    let write = || {
        let mut file = options.open(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        sync_folder(path)
    };
    let written = write();
    text.zeroize();
    written.map_err(|source| {
        let _gone = fs::remove_file(&part);
        KeyError::File { path: path.to_owned(), source }
    })
}
