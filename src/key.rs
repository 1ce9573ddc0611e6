//! The key that the store's secrets are sealed with: from the environment, or from a file in the data folder.
//!
//! The rule: a key never stands on a command line, the file is readable by its owner alone, and a new key takes the
//! place of the old one only once all secrets are sealed with it: until then it waits beside the old one. A key file
//! says when a store has been sealed with its key, so that a store that is lost later is missed.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use crate::{
    config::SECRET_KEY as VARIABLE,
    lifecycle::make_private,
    store::{self, Forgotten, Found, OpenError, SealKey, WeakKey},
};

/// The variable that holds the key to come, for a rotation.
pub const NEW_VARIABLE: &str = "GLOSS_NEW_SECRET_KEY";
/// The file with the key, in the data folder.
const FILE: &str = "secret.key";
/// The file with the key to come.
const NEW_FILE: &str = "secret.key.new";
/// The line after the key of a store.
const USED: &str = "# A store is sealed with this key: keep a copy of both.";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is too short.
    #[error("{origin}: {source}")]
    Weak {
        /// The variable or the file.
        origin: String,
        /// Why.
        source: WeakKey,
    },
    /// The file cannot be read or written.
    #[error("cannot use the key file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("cannot create a key: {0}")]
    Random(#[from] crate::domain::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store was sealed with another key.
    #[error(
        "the passwords and API keys in the store were sealed with a different key than the one in {origin}; restore \
         the key file {} of this store, or set {VARIABLE} to the key that sealed it. If that key is lost, `gloss \
         secrets forget` removes the secrets that it sealed", file.display()
    )]
    Wrong {
        /// The variable or the file.
        origin: String,
        /// Where the key file stands.
        file: PathBuf,
    },
    /// The store was sealed with a key that is not there.
    #[error(
        "the passwords and API keys in the store are sealed, but the key file {} is missing; restore it, or set \
         {VARIABLE} to the key that sealed them. If that key is lost, `gloss secrets forget` removes them",
        file.display()
    )]
    Missing {
        /// Where the key file stood.
        file: PathBuf,
    },
    /// Nobody has said yet that secrets may be forgotten.
    #[error("the key in {origin} does not open {what}; to remove them and set them again, run this command with --yes")]
    Unsaid {
        /// The variable or the file.
        origin: String,
        /// What would be forgotten.
        what: String,
    },
    /// The key comes from the environment, which nobody but its owner can change.
    #[error(
        "the key comes from {VARIABLE}; set {NEW_VARIABLE} to a new key (create one with `openssl rand -base64 32`) \
         and run this command again"
    )]
    NoNewKey,
}

/// A key and where it comes from.
pub struct Key {
    /// The variable or the file, for people.
    origin: String,
    text: SecretString,
    folder: PathBuf,
    /// Whether it was made just now.
    is_new: bool,
    in_file: bool,
}

impl Key {
    /// The key of a data folder: the environment's, else the file's, which is made where there is none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn of(folder: &Path, environment: Option<SecretString>) -> Result<Self, KeyError> {
        let file = folder.join(FILE);
        if let Some(key) = Self::known(folder, environment)? {
            if key.in_file {
                make_private(&file).map_err(|source| KeyError::File { path: file, source })?;
            }
            return Ok(key);
        }
        let text = SealKey::new_text()?;
        write(&file, &text)?;
        Ok(Self { origin: file.display().to_string(), text, folder: folder.to_owned(), is_new: true, in_file: true })
    }

    /// The key of a data folder, where there is one. Nothing is changed.
    fn known(folder: &Path, environment: Option<SecretString>) -> Result<Option<Self>, KeyError> {
        let key =
            |origin: String, text, in_file| Self { origin, text, folder: folder.to_owned(), is_new: false, in_file };
        if let Some(text) = environment {
            return Ok(Some(key(VARIABLE.to_owned(), text, false)));
        }
        let file = folder.join(FILE);
        if !file.exists() {
            return Ok(None);
        }
        Ok(Some(key(file.display().to_string(), read(&file)?, true)))
    }

    /// Finds out whether the key that there is opens a store. Nothing is changed.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn check(folder: &Path, environment: Option<SecretString>, store: &Found) -> Result<(), KeyError> {
        let file = folder.join(FILE);
        let Some(key) = Self::known(folder, environment)? else {
            return if store.is_sealed() { Err(KeyError::Missing { file }) } else { Ok(()) };
        };
        if store.opens(&key.sealing(&key.text)?) {
            return Ok(());
        }
        let new = folder.join(NEW_FILE);
        if key.in_file && new.exists() && store.opens(&key.sealing(&read(&new)?)?) {
            return Ok(());
        }
        Err(KeyError::Wrong { origin: key.origin, file })
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn sealing(&self, text: &SecretString) -> Result<SealKey, KeyError> {
        SealKey::of_text(text).map_err(|source| KeyError::Weak { origin: self.origin.clone(), source })
    }

    /// Opens a store under this key, or under the one that a rotation left beside it when it was cut short.
    ///
    /// # Errors
    /// [`KeyError`]; a key that was made just now and is not the store's is gone again.
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
            // What is wrong stays as it was: the next start says the same.
            let _gone = fs::remove_file(self.file());
            return Err(KeyError::Missing { file: self.file() });
        }
        Err(KeyError::Wrong { origin: self.origin.clone(), file: self.file() })
    }

    /// Lets go of the secrets of a store that this key does not open, so that the store opens under it; gives what came
    /// of it, for people.
    ///
    /// # Errors
    /// [`KeyError`]; without `really`, [`KeyError::Unsaid`] where anything would be forgotten.
    pub async fn forget(self, store_url: &str, really: bool) -> Result<String, KeyError> {
        let forgotten = store::forget(store_url, &self.sealing(&self.text)?, really).await;
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
    /// [`KeyError`]. Where it does not tell which key holds now, the next start finds out: no key is thrown away.
    pub async fn rotate(self, store_url: &str, new: Option<SecretString>) -> Result<(usize, String), KeyError> {
        let file = self.file();
        let waiting = self.folder.join(NEW_FILE);
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| KeyError::File { path, source }
        };
        let reseal = async |new: &SecretString| {
            let new =
                SealKey::of_text(new).map_err(|source| KeyError::Weak { origin: NEW_VARIABLE.to_owned(), source })?;
            match store::reseal(store_url, &self.sealing(&self.text)?, &new).await {
                Err(OpenError::WrongKey) => Err(KeyError::Wrong { origin: self.origin.clone(), file: file.clone() }),
                other => Ok(other?),
            }
        };
        if let Some(new) = new {
            let sealed = reseal(&new).await?;
            if file.exists() {
                fs::remove_file(&file).map_err(unusable(&file))?;
            }
            return Ok((sealed, format!("start Gloss with {VARIABLE} set to the new key from now on")));
        }
        if !self.in_file {
            return Err(KeyError::NoNewKey);
        }
        let new = SealKey::new_text()?;
        write(&waiting, &new)?;
        // A failure may come after the secrets are sealed anew: the new key stays where a start looks for it.
        let sealed = reseal(&new).await?;
        fs::rename(&waiting, &file).and_then(|()| sync_folder(&file)).map_err(unusable(&waiting))?;
        mark_used(&file);
        Ok((sealed, format!("the new key is in {}; keep a copy of it with your backups", file.display())))
    }
}

/// Whether a store has been sealed with the key file of a data folder.
///
/// # Errors
/// [`KeyError::File`].
pub fn was_used(folder: &Path) -> Result<bool, KeyError> {
    let file = folder.join(FILE);
    Ok(file.exists() && whole(&file)?.1)
}

/// Where the key file of a data folder stands.
#[must_use]
pub fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Says in a key file that a store has been sealed with it. The key before that line is not touched.
fn mark_used(file: &Path) {
    let mark = || {
        let used = whole(file).map_err(|_| io::Error::other("it cannot be read"))?.1;
        if used {
            return Ok(());
        }
        let mut file = fs::OpenOptions::new().append(true).open(file)?;
        // A key that a person wrote may end without a line's end.
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

/// The key in a file, and whether the file says that a store has been sealed with it. That line may have been cut.
fn whole(path: &Path) -> Result<(SecretString, bool), KeyError> {
    let mut text = fs::read_to_string(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    let mark = text.find("\n#");
    let key = SecretString::from(&text[..mark.unwrap_or(text.len())]);
    let used = mark.is_some_and(|mark| text[mark..].trim_end().ends_with(USED));
    text.zeroize();
    Ok((key, used))
}

/// Makes the names in a file's folder outlast a power cut.
fn sync_folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Writes a key so that it is there after a power cut, too. It is written beside its place and moved when it is
/// complete: a full disk leaves no half of a key.
fn write(path: &Path, key: &SecretString) -> Result<(), KeyError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
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
