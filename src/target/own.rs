//! Detects Gloss's own databases, which must not be targets: the files of its data folder, and its store.
//!
//! The rule: a target is checked at each use, by identity and not by name. A file is compared by device and inode, so
//! that links, relative paths and letter case make no difference; a database is compared by its server's identity.
//! The demo database in the data folder is an ordinary target.

use std::{
    ffi::OsString,
    fs::{Metadata, read_dir},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{domain::identity::Identity, port::target::TargetError};

/// The file name of the demo database. SQLite's files beside it start with the same name.
const DEMO: &str = "demo.db";
/// Suffixes of the store's file and of the files beside it.
const BESIDE_STORE: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// The files and the store of this Gloss.
#[derive(Debug, Default)]
pub struct Own {
    folder: Option<PathBuf>,
    store_file: Option<PathBuf>,
    store: Option<Identity>,
}

impl Own {
    /// Protects the files of a data folder and a store: either its file or its database on a server.
    #[must_use]
    pub const fn new(folder: PathBuf, store_file: Option<PathBuf>, store: Option<Identity>) -> Self {
        Self { folder: Some(folder), store_file, store }
    }

    /// Returns whether the store is a database on a server.
    pub(super) const fn is_on_server(&self) -> bool {
        self.store.is_some()
    }

    /// Checks that a database on a server is not the store.
    pub(super) fn check_database(&self, found: &Identity) -> Result<(), TargetError> {
        match &self.store {
            Some(store) if store.server == found.server && store.mark == found.mark => Err(TargetError::Own(
                "this database is Gloss's own store, which cannot be described; choose another database".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Checks that a file is not one of Gloss's own.
    pub(super) fn check_file(&self, path: &Path, found: &Metadata) -> Result<(), TargetError> {
        let is_own = || {
            TargetError::Own(format!(
                "{} is a file of Gloss's own store, which cannot be described; choose another file",
                path.display()
            ))
        };
        let is_it =
            |other: &Path| other.metadata().is_ok_and(|other| (other.dev(), other.ino()) == (found.dev(), found.ino()));
        if let Some(store) = &self.store_file {
            let beside = |suffix: &str| {
                let mut name = OsString::from(store);
                name.push(suffix);
                PathBuf::from(name)
            };
            if BESIDE_STORE.iter().any(|suffix| is_it(&beside(suffix))) {
                return Err(is_own());
            }
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        let is_demo = |name: &Path| name.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DEMO));
        let mut others = read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        if others.any(|other| !is_demo(&other) && is_it(&other)) {
            return Err(is_own());
        }
        // Covers files in subfolders and files created since the folder was listed.
        let lies_here =
            path.canonicalize().is_ok_and(|path| folder.canonicalize().is_ok_and(|it| path.starts_with(it)));
        if lies_here && !is_it(&folder.join(DEMO)) { Err(is_own()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn refused(own: &Own, path: &Path) -> bool {
        own.check_file(path, &path.metadata().unwrap()).is_err()
    }

    #[test]
    fn files_of_the_data_folder_are_told_through_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let (data, elsewhere) = (folder.path().join("data"), folder.path().join("elsewhere"));
        for folder in [&data, &elsewhere, &data.join("deep")] {
            fs::create_dir_all(folder).unwrap();
        }
        let store = folder.path().join("kept.db");
        for file in ["secret.key", "store.db", "store.db-wal", "lock", "demo.db", "deep/x"] {
            fs::write(data.join(file), "").unwrap();
        }
        for file in ["kept.db", "kept.db-journal", "other.db"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        fs::hard_link(data.join("store.db"), elsewhere.join("hard.db")).unwrap();
        std::os::unix::fs::symlink(data.join("secret.key"), elsewhere.join("soft.db")).unwrap();
        std::os::unix::fs::symlink(&data, elsewhere.join("folder")).unwrap();
        fs::hard_link(data.join("demo.db"), elsewhere.join("demo of another name.db")).unwrap();
        let own = Own::new(data.clone(), Some(store.clone()), None);
        for path in ["secret.key", "store.db", "store.db-wal", "lock", "deep/x", "deep/../store.db"] {
            assert!(refused(&own, &data.join(path)), "{path}");
        }
        for path in ["hard.db", "soft.db", "folder/store.db", "../kept.db", "../kept.db-journal"] {
            assert!(refused(&own, &elsewhere.join(path)), "{path}");
        }
        for path in ["demo of another name.db", "../other.db", "folder/demo.db"] {
            assert!(!refused(&own, &elsewhere.join(path)), "{path}");
        }
        // If the demo database is a hard link to the store, it must be refused as the store.
        fs::remove_file(data.join("demo.db")).unwrap();
        fs::hard_link(data.join("store.db"), data.join("demo.db")).unwrap();
        assert!(refused(&own, &data.join("demo.db")));
    }
}
