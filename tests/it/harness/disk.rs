//! Disks that run full and files that may not grow: the two ways in which a store's writes fail.

use std::{fs, io::Write, path::Path, process::Command, sync::Arc};

use tempfile::TempDir;

use super::Server;
use crate::services::skipped;

/// A folder on a small disk of its own. The disk is gone when this is dropped.
pub struct SmallDisk(Arc<TempDir>);

impl SmallDisk {
    /// A disk of so many megabytes; `None`, loudly, where this user cannot mount one.
    pub fn mount(megabytes: u32) -> Option<Self> {
        let folder = TempDir::with_prefix("gloss-disk-").unwrap();
        let size = format!("size={megabytes}m,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(Arc::new(folder)));
        }
        skipped("a small disk cannot be mounted here");
        None
    }

    /// The folder.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.0)
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut file = fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        for size in [64 * 1024, 4096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives the room back.
    pub fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> std::path::PathBuf {
        self.0.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _mounted_still = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Lets a server's files grow up to so many bytes, or without an end. It needs no rights and no disk.
pub fn limit_files(server: &Server, bytes: Option<u64>) -> bool {
    let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let pid = server.pid().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={limit}:unlimited")]).status();
    let limited = limited.is_ok_and(|status| status.success());
    if !limited {
        skipped("prlimit is not there, or may not be used");
    }
    limited
}

/// The size of a file.
pub fn size(file: &Path) -> u64 {
    file.metadata().unwrap().len()
}
