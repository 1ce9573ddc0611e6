//! Backups of a store in SQLite: one file, a copy of the store at one moment.
//!
//! The rules:
//! - A backup reads the store in one transaction, beside a server that writes to it, and changes nothing in it.
//! - A backup is checked before it gets its name, and a file that is restored before it takes the store's place.
//! - A backup holds the store's secrets as the store does: sealed. The key is not in it.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use chrono::SecondsFormat;
use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
    ffi,
};
use url::Url;

use super::{
    address::{Address, BUSY_TIMEOUT},
    examine::{Examined, examine},
    key::sync_folder,
    open::{OpenError, address},
};
use crate::domain::clock::Moment;

/// The first bytes of a SQLite file.
const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// Suffixes of the files that SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Why a store was not backed up or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has its own tools.
    #[error(
        "the store is in PostgreSQL, which has its own tools for this; run `{0}`, with the password in PGPASSWORD or \
         ~/.pgpass"
    )]
    Postgres(String),
    /// There is no store to back up.
    #[error("there is no store at {0}; name its folder with --data-dir, or its URL with --store-url")]
    NoStore(String),
    /// The file exists.
    #[error("{} exists; choose another name, so that no backup is overwritten", .0.display())]
    Exists(PathBuf),
    /// The file is no store of Gloss.
    #[error("{} is no backup of a Gloss store; name a file that `gloss backup` has written", .0.display())]
    Foreign(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// SQLite cannot read the one file or write the other.
    #[error("cannot copy {} to {}: {source}", from.display(), to.display())]
    Copy {
        /// The file to read.
        from: PathBuf,
        /// The file to write.
        to: PathBuf,
        /// SQLite's message.
        source: rusqlite::Error,
    },
    /// The content of the file is damaged.
    #[error("{what} is damaged ({cause}), so nothing was {not_done}; {advice}")]
    Damaged {
        /// The store or the file.
        what: String,
        /// SQLite's message.
        cause: String,
        /// What was not done.
        not_done: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The file cannot be opened as a store.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A backup that was written.
#[derive(Debug)]
pub struct Written {
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The number of runs in it.
    pub runs: u64,
}

/// Writes a copy of the store to a new file that only this user can read.
///
/// # Errors
/// Returns a [`BackupError`]; then there is no file.
pub async fn back_up(url: &str, file: &Path) -> Result<Written, BackupError> {
    let file = &std::path::absolute(file).map_err(|source| BackupError::File { path: file.to_owned(), source })?;
    let address = address(url)?;
    let from = match &address {
        Address::Sqlite(_) => address.file().ok_or(OpenError::UnknownUrl)?,
        Address::Postgres(_) => {
            let url = address.place();
            return Err(BackupError::Postgres(format!("pg_dump --format=custom --file={} {url}", file.display())));
        }
    };
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    if from.metadata().map_or(0, |it| it.len()) == 0 {
        return Err(BackupError::NoStore(address.place()));
    }
    let part = beside(file, ".part");
    let removed = Removed(&part);
    copy(&from, &part).await?;
    let examined = examined(&part).await?.ok_or_else(|| BackupError::NoStore(address.place()))?;
    let fault = examined.fault();
    let runs = examined.runs().await?;
    examined.close().await?;
    if let Some(cause) = fault {
        return Err(BackupError::Damaged {
            what: format!("the store {}", address.place()),
            cause,
            not_done: "backed up",
            advice: "restore an earlier backup with `gloss restore`; `gloss doctor` says more",
        });
    }
    let unusable = |source| BackupError::File { path: file.to_owned(), source };
    let bytes = part.metadata().map_err(unusable)?.len();
    fs::rename(&part, file).and_then(|()| sync_folder(file)).map_err(unusable)?;
    drop(removed);
    Ok(Written { bytes, runs })
}

/// Puts a backup in the place of the store. `check` refuses a backup whose secrets cannot be opened. Returns the file
/// that the store was moved to, if there was one; its name has the time `at`. The caller holds the locks of the store.
///
/// # Errors
/// Returns a [`BackupError`] or an error of `check`; then the store is as before.
pub async fn restore<E: From<BackupError>>(
    url: &str,
    file: &Path,
    at: Moment,
    check: impl FnOnce(&Examined) -> Result<(), E>,
) -> Result<Option<PathBuf>, E> {
    let address = address(url).map_err(BackupError::from)?;
    let store = match &address {
        Address::Sqlite(_) => address.file().ok_or(OpenError::UnknownUrl).map_err(BackupError::from)?,
        Address::Postgres(_) => {
            let (file, url) = (file.display(), address.place());
            let command = format!("pg_restore --clean --if-exists --no-owner --dbname={url} {file}");
            return Err(BackupError::Postgres(command).into());
        }
    };
    check_header(file)?;
    let foreign = || BackupError::Foreign(file.to_owned());
    let found = examined(file).await?.ok_or_else(foreign)?;
    let checked = check(&found);
    let fault = found.fault();
    found.close().await.map_err(BackupError::from)?;
    if let Some(cause) = fault {
        return Err(BackupError::Damaged {
            what: format!("the backup {}", file.display()),
            cause,
            not_done: "restored",
            advice: "restore another one",
        }
        .into());
    }
    checked?;
    let new = beside(&store, ".restored");
    let removed = Removed(&new);
    copy(file, &new).await?;
    let unusable = |source| BackupError::File { path: store.clone(), source };
    let old = store.exists().then(|| {
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true).replace([':', '-'], "");
        beside(&store, &format!(".before-{at}"))
    });
    if let Some(old) = &old {
        for companion in COMPANIONS {
            let from = beside(&store, companion);
            if from.exists() {
                fs::rename(&from, beside(old, companion)).map_err(unusable)?;
            }
        }
    }
    fs::rename(&new, &store).and_then(|()| sync_folder(&store)).map_err(unusable)?;
    drop(removed);
    Ok(old)
}

/// Examines a file as a store that no process uses; `None` if it is no store of Gloss.
async fn examined(file: &Path) -> Result<Option<Examined>, BackupError> {
    let file = std::path::absolute(file).map_err(|source| BackupError::File { path: file.to_owned(), source })?;
    let url = Url::from_file_path(&file).map_err(|()| OpenError::UnknownUrl)?;
    Ok(examine(&url.as_str().replacen("file", "sqlite", 1), false).await?)
}

/// Copies a store to a new file that only this user can read, and writes it to the disk.
async fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let copying = tokio::task::spawn_blocking(move || {
        let unusable = |source| BackupError::File { path: to.clone(), source };
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&to).map_err(unusable)?;
        copy_pages(&from, &to).map_err(|source| BackupError::Copy { from: from.clone(), to: to.clone(), source })?;
        File::open(&to).and_then(|file| file.sync_all()).map_err(unusable)
    });
    copying.await.map_err(|error| BackupError::File { path: PathBuf::new(), source: io::Error::other(error) })?
}

fn copy_pages(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let from = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    from.busy_timeout(BUSY_TIMEOUT)?;
    let mut to = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // All pages in one step: if another process writes between two steps, SQLite starts the copy again.
    match Backup::new(&from, &mut to)?.step(-1)? {
        StepResult::Done => {}
        _ => {
            let locked = "another program has locked it; try again when that has ended".to_owned();
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), Some(locked)));
        }
    }
    // The copy is one file, without a log beside it.
    to.pragma_update(None, "journal_mode", "delete")
}

/// Refuses a file that is not SQLite's.
fn check_header(file: &Path) -> Result<(), BackupError> {
    let mut header = [0; HEADER.len()];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) if &header == HEADER => Ok(()),
        Err(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            Err(BackupError::File { path: file.to_owned(), source })
        }
        _ => Err(BackupError::Foreign(file.to_owned())),
    }
}

/// Returns the path with a suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    name.into()
}

/// Removes a file when it is dropped, if it still exists.
struct Removed<'a>(&'a Path);

impl Drop for Removed<'_> {
    fn drop(&mut self) {
        let _gone = fs::remove_file(self.0);
    }
}
