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

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder cannot be made or written.
    #[error("the data folder {} cannot be used: {source}; name another with --data-dir", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error("the data folder {} is in use by another Gloss{}; stop that one, or name another with --data-dir", path.display(), at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The address that the other process left there.
        at: Option<String>,
    },
}

/// The data folder, held by this process until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    lock: File,
}

impl DataFolder {
    /// Makes the folder if need be (mode 0700) and takes its lock.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn take(path: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: path.to_owned(), source };
        make_private_folder(path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut lock = options.open(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => {
                let mut at = String::new();
                let _unknown = lock.read_to_string(&mut at);
                let at = Some(at.trim().to_owned()).filter(|at| !at.is_empty());
                Err(FolderError::InUse { path: path.to_owned(), at })
            }
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Leaves the server's address in the lock, for those who find it taken.
    ///
    /// # Errors
    /// [`FolderError::Unusable`].
    pub fn tell_address(&mut self, address: SocketAddr) -> Result<(), FolderError> {
        let path = self.path.clone();
        let mut write = || {
            self.lock.rewind()?;
            self.lock.set_len(0)?;
            writeln!(self.lock, "http://{address}")
        };
        write().map_err(|source| FolderError::Unusable { path, source })
    }
}

fn make_private_folder(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
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

/// Trips `stop` at the first signal, and ends the process at the second.
///
/// # Errors
/// Where signals cannot be listened to.
pub fn listen_to_signals(stop: CancellationToken) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        tracing::info!("stopping: unfinished runs go on at the next start; a second signal leaves at once");
        stop.cancel();
        next().await;
        std::process::exit(LEFT_AT_ONCE);
    });
    Ok(())
}
