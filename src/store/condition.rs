//! The condition of a store: what prevents writes to it.
//!
//! The rules: every failed statement is reported here, and every write checks here first. After a failure the writing
//! connection is replaced, because SQLite may have rolled back without the driver's knowledge. A SQLite store takes no
//! writes while its files are not the ones that were opened, and none after damage was found.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use sea_orm::DbErr;

use super::trouble::{self, Trouble};
use crate::domain::{Error, Result};

/// The first bytes of a SQLite file.
const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// Suffixes of the files that belong to an open SQLite store.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// The known condition of a store.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Whether the writing connection must be replaced.
    reconnect: AtomicBool,
    /// The last trouble; `None` once a write has succeeded again.
    trouble: Mutex<Option<Trouble>>,
    file: Option<StoreFile>,
}

impl Condition {
    /// Creates the condition of a store in this SQLite file. Creates the file if it does not exist.
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Some(StoreFile::open(path)?), ..Self::default() })
    }

    /// Remembers the identity of the opened files; later checks compare against it.
    pub(super) fn watch(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), StoreFile::watch)
    }

    /// Records that a statement failed.
    pub(super) fn failed(&self, error: &DbErr) {
        self.reconnect.store(true, Ordering::Relaxed);
        let Some(trouble) = trouble::trouble(error) else { return };
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // Damage does not go away by itself.
        if *last == Some(trouble) || *last == Some(Trouble::Damaged) {
            return;
        }
        tracing::error!(%error, "{}", trouble.text());
        *last = Some(trouble);
    }

    /// Records that a write succeeded.
    pub(super) fn wrote(&self) {
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if last.take_if(|trouble| *trouble != Trouble::Damaged).is_some() {
            tracing::info!("the store can be written to again");
        }
    }

    /// Returns whether the writing connection must be replaced, and resets that.
    pub(super) fn take_reconnect(&self) -> bool {
        self.reconnect.swap(false, Ordering::Relaxed)
    }

    /// Refuses a write that would be lost.
    ///
    /// # Errors
    /// Returns `Unavailable` with the cause and what to do.
    pub(super) fn check(&self) -> Result<()> {
        if *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) == Some(Trouble::Damaged) {
            return Err(Trouble::Damaged.into());
        }
        self.file.as_ref().map_or(Ok(()), StoreFile::check)
    }

    /// Returns whether the store's path still holds the file that was opened. Closing writes to it.
    pub(super) fn may_be_closed(&self) -> bool {
        self.file.as_ref().is_none_or(StoreFile::is_there)
    }
}

/// A store's file. It stays open as long as any connection: SQLite's locks belong to the process, and closing the file
/// once would release all of them.
#[derive(Debug)]
struct StoreFile {
    path: PathBuf,
    file: File,
    /// The watched files and their identities, the store's own first.
    known: OnceLock<Vec<(PathBuf, Identity)>>,
    /// The largest size seen, in bytes. The file never shrinks, because nothing vacuums an open store.
    size: AtomicU64,
}

/// A file's identity: device and inode.
type Identity = (u64, u64);

fn identity(path: &Path) -> io::Result<Identity> {
    let file = fs::metadata(path)?;
    Ok((file.dev(), file.ino()))
}

impl StoreFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        Ok(Self { path: path.to_owned(), file, known: OnceLock::new(), size: AtomicU64::new(0) })
    }

    fn watch(&self) -> io::Result<()> {
        let mut known = vec![(self.path.clone(), identity(&self.path)?)];
        for companion in COMPANIONS {
            let mut path = self.path.clone().into_os_string();
            path.push(companion);
            let path = PathBuf::from(path);
            if let Ok(identity) = identity(&path) {
                known.push((path, identity));
            }
        }
        let _once = self.known.set(known);
        Ok(())
    }

    /// Returns whether the path still holds the file that was opened.
    fn is_there(&self) -> bool {
        let file = self.file.metadata().map(|file| (file.dev(), file.ino()));
        file.is_ok_and(|file| identity(&self.path).is_ok_and(|there| there == file))
    }

    fn check(&self) -> Result<()> {
        let Some(known) = self.known.get() else { return Ok(()) };
        for (at, (path, opened)) in known.iter().enumerate() {
            let (there, path) = (identity(path), path.display());
            let what = match there {
                Ok(there) if there == *opened => continue,
                Ok(_) => "was replaced by another file",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed",
                Err(_) => "became unreadable",
            };
            return Err(Error::unavailable(if at == 0 {
                format!(
                    "the store's file {path} {what} while Gloss was running, so nothing is recorded; put the file \
                     back, or stop Gloss, restore the store from a backup and start Gloss again"
                )
            } else {
                format!(
                    "the file {path}, a part of the store, {what} while Gloss was running, so nothing is recorded; \
                     stop Gloss with SIGTERM, which saves the records it still holds, and start it again"
                )
            }));
        }
        self.check_content()
    }

    fn check_content(&self) -> Result<()> {
        let size = self.file.metadata().map_or(0, |file| file.len());
        let before = self.size.fetch_max(size, Ordering::Relaxed);
        let mut header = [0; HEADER.len()];
        // The first page of a new store is still in its log.
        let is_new = size == 0 && before == 0;
        if size < before || !is_new && (self.file.read_exact_at(&mut header, 0).is_err() || &header != HEADER) {
            let path = self.path.display();
            return Err(Error::unavailable(format!(
                "the store's file {path} was truncated or overwritten while Gloss was running, so nothing is recorded; \
                 stop Gloss, restore the store from a backup and start Gloss again"
            )));
        }
        Ok(())
    }
}
