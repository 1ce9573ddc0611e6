//! Start and stop: the locks on the data folder and the store, and the signals.
//!
//! The first signal (SIGINT, SIGTERM) stops gracefully: no new rows start, rows in progress are recorded, and
//! unfinished runs return to the queue. The second signal exits immediately; the next start recovers the unfinished
//! runs.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status after a second signal.
const SECOND_SIGNAL_STATUS: i32 = 130;

/// Files that identify a data folder of Gloss.
const OWN_FILES: [&str; 2] = ["store.db", "secret.key"];
/// The file in a data folder that holds its name.
const NAME_FILE: &str = "name";
/// The option that sets the data folder.
const FOLDER_SETTING: &str = "--data-dir";
/// The option that sets the store.
const STORE_SETTING: &str = "--store-url";
/// SIGXFSZ, sent when a file reaches the process's size limit. By default it ends the process; if it is handled, the
/// write fails with an error instead.
const FILE_SIZE: i32 = 25;
/// The sticky bit, which shared folders like `/tmp` have.
const STICKY: u32 = 0o1000;

/// Why a lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The folder or file cannot be created or written.
    #[error("cannot use {}: {source}; choose another with {setting}", path.display())]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// The option that sets it.
        setting: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// Another process holds the lock.
    #[error(
        "{} is in use by another Gloss{}; stop that one, or choose another with {setting}",
        path.display(),
        at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default()
    )]
    InUse {
        /// The folder or file.
        path: PathBuf,
        /// The option that sets it.
        setting: &'static str,
        /// The address that the other process wrote into the lock, if any.
        at: Option<String>,
    },
}

/// An exclusive lock on a data folder or a store, held until dropped.
#[derive(Debug)]
pub struct Lock {
    place: PathBuf,
    file: File,
}

impl Lock {
    /// Creates the data folder if it does not exist (mode 0700) and locks it.
    ///
    /// # Errors
    /// Returns [`LockError::Unusable`] if the folder or its lock file cannot be created or written, and
    /// [`LockError::InUse`] if another process holds the lock.
    pub fn folder(folder: &Path) -> Result<Self, LockError> {
        let setting = FOLDER_SETTING;
        make_private_folder(folder).map_err(|source| LockError::Unusable {
            path: folder.to_owned(),
            setting,
            source,
        })?;
        Self::take(folder, setting, &folder.join("lock"))
    }

    /// Locks a store outside the data folder.
    ///
    /// # Errors
    /// Returns [`LockError::Unusable`] if the lock file cannot be created or written, and [`LockError::InUse`] if
    /// another process holds the lock.
    pub fn store(store: &Path) -> Result<Self, LockError> {
        Self::take(store, STORE_SETTING, &beside(store))
    }

    /// Locks a data folder if its lock file exists. Creates nothing; returns `None` if there is no lock file.
    ///
    /// # Errors
    /// Returns [`LockError::Unusable`] if `folder` is not a folder or its lock file cannot be opened, and
    /// [`LockError::InUse`] if another process holds the lock.
    pub fn of_folder_if_there(folder: &Path) -> Result<Option<Self>, LockError> {
        if folder.exists() && !folder.is_dir() {
            let source = std::io::ErrorKind::NotADirectory.into();
            return Err(LockError::Unusable { path: folder.to_owned(), setting: FOLDER_SETTING, source });
        }
        Self::take_if_there(folder, FOLDER_SETTING, &folder.join("lock"))
    }

    /// Locks a store outside the data folder if its lock file exists. Creates nothing; returns `None` if there is
    /// none.
    ///
    /// # Errors
    /// Returns [`LockError::Unusable`] if the lock file cannot be opened, and [`LockError::InUse`] if another process
    /// holds the lock.
    pub fn of_store_if_there(store: &Path) -> Result<Option<Self>, LockError> {
        Self::take_if_there(store, STORE_SETTING, &beside(store))
    }

    fn take_if_there(place: &Path, setting: &'static str, file: &Path) -> Result<Option<Self>, LockError> {
        if !file.exists() {
            return Ok(None);
        }
        Self::lock(place, setting, file, OpenOptions::new().read(true).write(true)).map(Some)
    }

    fn take(place: &Path, setting: &'static str, file: &Path) -> Result<Self, LockError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        narrow(file);
        let lock = Self::lock(place, setting, file, &options)?;
        // The address of the last holder leads to no server, or by now to another one.
        lock.file.set_len(0).map_err(|source| LockError::Unusable { path: place.to_owned(), setting, source })?;
        Ok(lock)
    }

    fn lock(place: &Path, setting: &'static str, file: &Path, options: &OpenOptions) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { path: place.to_owned(), setting, source };
        let mut file = options.open(file).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { place: place.to_owned(), file }),
            Err(TryLockError::WouldBlock) => {
                let mut at = String::new();
                let _unknown = file.read_to_string(&mut at);
                let at = Some(at.trim().to_owned()).filter(|at| !at.is_empty());
                Err(LockError::InUse { path: place.to_owned(), setting, at })
            }
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Writes the server's address into the lock file, for processes that find it locked.
    ///
    /// # Errors
    /// Returns [`LockError::Unusable`] if the lock file cannot be written.
    pub fn tell_address(&mut self, address: SocketAddr) -> Result<(), LockError> {
        let path = self.place.clone();
        let mut write = || {
            self.file.rewind()?;
            self.file.set_len(0)?;
            writeln!(self.file, "http://{address}")
        };
        write().map_err(|source| LockError::Unusable { path, setting: FOLDER_SETTING, source })
    }
}

/// Returns the name of a data folder, which is random and stays the same: processes of one folder follow each other,
/// and those of different folders may share a store. Creates the file that holds it.
///
/// # Errors
/// Returns [`LockError::Unusable`] if the file cannot be read or written.
pub fn name_of_folder(folder: &Path) -> Result<String, LockError> {
    let file = folder.join(NAME_FILE);
    narrow(&file);
    let unusable = |source| LockError::Unusable { path: file.clone(), setting: FOLDER_SETTING, source };
    match std::fs::read_to_string(&file) {
        Ok(name) if is_name(name.trim()) => return Ok(name.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unusable(error)),
        _ => {}
    }
    let random = getrandom::u64().map_err(|error| unusable(std::io::Error::other(error.to_string())))?;
    let name = format!("{random:016x}");
    make_private_file(&file).map_err(unusable)?;
    std::fs::write(&file, format!("{name}\n")).map_err(unusable)?;
    Ok(name)
}

/// Whether a text has the form of a data folder's name. Ids of workers begin with it.
fn is_name(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the address that the last server of a data folder has written into its lock, without using the lock.
#[must_use]
pub fn address_in(folder: &Path) -> Option<String> {
    let address = std::fs::read_to_string(folder.join("lock")).ok()?;
    Some(address.trim().to_owned()).filter(|address| !address.is_empty())
}

/// Returns the lock file of a store outside the data folder.
fn beside(store: &Path) -> PathBuf {
    let mut name = store.to_owned().into_os_string();
    name.push(".lock");
    name.into()
}

/// Creates a folder that only this user can read, or makes a folder of Gloss one.
///
/// # Errors
/// Returns the file system's error if the folder cannot be created or read.
pub fn make_private_folder(path: &Path) -> std::io::Result<()> {
    if let Ok(folder) = path.metadata() {
        let mode = std::os::unix::fs::MetadataExt::mode(&folder);
        if mode & 0o077 != 0 {
            // Only an empty folder or one with Gloss's files is restricted, never a shared folder.
            let is_empty = path.read_dir()?.next().is_none();
            let is_ours = mode & STICKY == 0 && OWN_FILES.iter().any(|name| path.join(name).exists());
            if is_empty || is_ours {
                return std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700));
            }
            let folder = path.display();
            tracing::warn!(%folder, "other users can read the data folder; restrict it with `chmod 700`");
        }
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Creates an empty file that only this user can read, unless the file exists.
///
/// # Errors
/// Returns the file system's error if the file cannot be created or opened.
pub fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Makes a file readable by this user only (mode 0600).
///
/// # Errors
/// Returns the file system's error if the mode cannot be changed.
pub fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

/// Makes a file readable by this user only, if other users can access it. Logs a warning if that fails.
pub fn narrow(path: &Path) {
    let Ok(file) = path.metadata() else { return };
    if std::os::unix::fs::MetadataExt::mode(&file) & 0o077 != 0
        && let Err(error) = make_private(path)
    {
        tracing::warn!(file = %path.display(), %error, "other users can read the file; restrict it with `chmod 600`");
    }
}

/// Cancels `stop` at the first signal and exits the process at the second.
///
/// # Errors
/// Returns an error if a signal handler cannot be installed.
pub fn listen_to_signals(stop: CancellationToken) -> std::io::Result<()> {
    // The handler remains installed after the stream is dropped.
    drop(signal(SignalKind::from_raw(FILE_SIZE))?);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        tracing::info!("stopping: unfinished runs continue at the next start; a second signal exits immediately");
        stop.cancel();
        next().await;
        std::process::exit(SECOND_SIGNAL_STATUS);
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_does_not_keep_the_address_of_an_earlier_holder() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Lock::folder(folder.path()).unwrap();
        server.tell_address(([127, 0, 0, 1], 8787).into()).unwrap();
        assert_eq!(address_in(folder.path()).as_deref(), Some("http://127.0.0.1:8787"));
        drop(server);
        let _command = Lock::folder(folder.path()).unwrap();
        assert_eq!(address_in(folder.path()), None);
        assert!(matches!(Lock::folder(folder.path()), Err(LockError::InUse { at: None, .. })));
    }
}
