//! The condition of a store: what keeps it from being written to.
//!
//! The rules: each failure of a statement is noticed here, and each write asks here first. After a failure the
//! connection that writes is replaced: SQLite may have rolled back by itself, and the driver does not know. A store in
//! SQLite takes no writes while its files are not the ones that were opened, and none after damage was found in it.

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

/// With what a file of SQLite begins.
const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// The files beside the store's that belong to it while it is open.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// What is known of a store's condition.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Whether the connection that writes must be replaced.
    worn: AtomicBool,
    /// What was wrong last; `None` once a write has worked again.
    trouble: Mutex<Option<Trouble>>,
    file: Option<StoreFile>,
}

impl Condition {
    /// Of a store in this SQLite file, which is made where there is none.
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Some(StoreFile::open(path)?), ..Self::default() })
    }

    /// Remembers which files were opened. From here on they are watched.
    pub(super) fn watch(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), StoreFile::watch)
    }

    /// A statement has failed.
    pub(super) fn failed(&self, error: &DbErr) {
        self.worn.store(true, Ordering::Relaxed);
        let Some(trouble) = trouble::trouble(error) else { return };
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // What is damaged stays so.
        if *last == Some(trouble) || *last == Some(Trouble::Damaged) {
            return;
        }
        tracing::error!(%error, "{}", trouble.text());
        *last = Some(trouble);
    }

    /// A write was recorded.
    pub(super) fn wrote(&self) {
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if last.take_if(|trouble| *trouble != Trouble::Damaged).is_some() {
            tracing::info!("the store can be written to again");
        }
    }

    /// Whether the connection that writes must be replaced; once.
    pub(super) fn take_worn(&self) -> bool {
        self.worn.swap(false, Ordering::Relaxed)
    }

    /// Refuses a write that could not be found again.
    ///
    /// # Errors
    /// `Unavailable`, with what is wrong and what to do.
    pub(super) fn check(&self) -> Result<()> {
        if *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) == Some(Trouble::Damaged) {
            return Err(Trouble::Damaged.into());
        }
        self.file.as_ref().map_or(Ok(()), StoreFile::check)
    }

    /// Whether the store's file is the one that was opened: what is saved at the end goes there.
    pub(super) fn may_be_closed(&self) -> bool {
        self.file.as_ref().is_none_or(StoreFile::is_there)
    }
}

/// A store's file. It stays open as long as any connection: the locks that SQLite has on it are the process's, and
/// closing it once would let go of all of them.
#[derive(Debug)]
struct StoreFile {
    path: PathBuf,
    file: File,
    /// The files and which ones they are, the store's first.
    known: OnceLock<Vec<(PathBuf, Identity)>>,
    /// Its size when last looked at. It never shrinks: nothing vacuums a store that is open.
    size: AtomicU64,
}

/// Which file it is: device and inode.
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

    /// Whether what stands at its path is the file that was opened.
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
        // A new store has its first page in the log beside it.
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
