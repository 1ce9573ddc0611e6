//! Start and stop: the folder that belongs to one process, and the two signals.
//!
//! The first signal (SIGINT, SIGTERM) stops softly: no new rows start, what is under way is recorded, unfinished
//! runs go back into the queue. The second leaves at once; the next start finds what was unfinished.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status after a second signal.
const LEFT_AT_ONCE: i32 = 130;

/// What a data folder of Gloss has in it.
const KEPT_HERE: [&str; 2] = ["store.db", "secret.key"];
/// What names the data folder.
const FOLDER_SETTING: &str = "--data-dir";
/// What names the store.
const STORE_SETTING: &str = "--store-url";
/// The signal that a process gets whose file has reached the largest size that it may have. Its default ends the
/// process; whoever listens is told by an error of the write.
const FILE_SIZE: i32 = 25;
/// The mode of folders that are everybody's, as /tmp.
const STICKY: u32 = 0o1000;

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be made or written.
    #[error("cannot use {}: {source}; choose another with {setting}", path.display())]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// What names it.
        setting: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error(
        "{} is in use by another Gloss{}; stop that one, or choose another with {setting}",
        path.display(),
        at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default()
    )]
    InUse {
        /// The folder or file.
        path: PathBuf,
        /// What names it.
        setting: &'static str,
        /// The address that the other process left there.
        at: Option<String>,
    },
}

/// A place that belongs to this process until the lock is dropped: a data folder, or a store elsewhere.
#[derive(Debug)]
pub struct Lock {
    place: PathBuf,
    file: File,
}

impl Lock {
    /// Makes the data folder if need be (mode 0700) and takes its lock.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn folder(folder: &Path) -> Result<Self, LockError> {
        let setting = FOLDER_SETTING;
        make_private_folder(folder).map_err(|source| LockError::Unusable {
            path: folder.to_owned(),
            setting,
            source,
        })?;
        Self::take(folder, setting, &folder.join("lock"))
    }

    /// Takes the lock of a store that lies outside of the data folder.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn store(store: &Path) -> Result<Self, LockError> {
        Self::take(store, STORE_SETTING, &beside(store))
    }

    /// Takes the lock of a data folder for a look, where somebody has made one. Nothing is changed.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn of_folder_if_there(folder: &Path) -> Result<Option<Self>, LockError> {
        if folder.exists() && !folder.is_dir() {
            let source = std::io::ErrorKind::NotADirectory.into();
            return Err(LockError::Unusable { path: folder.to_owned(), setting: FOLDER_SETTING, source });
        }
        Self::take_if_there(folder, FOLDER_SETTING, &folder.join("lock"))
    }

    /// The same for a store that lies outside of the data folder.
    ///
    /// # Errors
    /// [`LockError`].
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
        Self::lock(place, setting, file, &options)
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

    /// Leaves the server's address in the lock, for those who find it taken.
    ///
    /// # Errors
    /// [`LockError::Unusable`].
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

/// The lock of a store that lies outside of the data folder.
fn beside(store: &Path) -> PathBuf {
    let mut name = store.to_owned().into_os_string();
    name.push(".lock");
    name.into()
}

fn make_private_folder(path: &Path) -> std::io::Result<()> {
    if let Ok(folder) = path.metadata() {
        let mode = std::os::unix::fs::MetadataExt::mode(&folder);
        if mode & 0o077 != 0 {
            // A folder that was made for Gloss and has nothing in it yet, or what Gloss keeps; not one that is
            // everybody's.
            let is_empty = path.read_dir()?.next().is_none();
            let is_ours = mode & STICKY == 0 && KEPT_HERE.iter().any(|name| path.join(name).exists());
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

/// Makes an empty file that only this user can read, unless it is there.
///
/// # Errors
/// As the file system says.
pub fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Makes a file readable by this user alone.
///
/// # Errors
/// As the file system says.
pub fn make_private(path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

/// Makes a file readable by this user alone where others can look into it; says so where that cannot be.
pub fn narrow(path: &Path) {
    let Ok(file) = path.metadata() else { return };
    if std::os::unix::fs::MetadataExt::mode(&file) & 0o077 != 0
        && let Err(error) = make_private(path)
    {
        tracing::warn!(file = %path.display(), %error, "other users can read the file; restrict it with `chmod 600`");
    }
}

/// Trips `stop` at the first signal, and ends the process at the second.
///
/// # Errors
/// Where signals cannot be listened to.
pub fn listen_to_signals(stop: CancellationToken) -> std::io::Result<()> {
    // Heard once, it is heard for good.
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
        std::process::exit(LEFT_AT_ONCE);
    });
    Ok(())
}
