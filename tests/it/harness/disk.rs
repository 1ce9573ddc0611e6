//! Full disks and files with a size limit: the two ways in which writes of a store fail.

use std::{fs, io::Write, path::Path, process::Command, sync::Arc};

use tempfile::TempDir;

use super::Server;
use crate::services::skipped;

/// A folder on a small disk, which is unmounted when dropped.
pub struct SmallDisk(Arc<TempDir>);

impl SmallDisk {
    /// Mounts a disk of `megabytes`. Returns `None` and reports it if this user cannot mount one.
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

    /// Returns the folder.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.0)
    }

    /// Uses up all free space.
    pub fn fill(&self) {
        let mut file = fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        for size in [64 * 1024, 4096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Frees the space again.
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

/// Limits the size of a server's files to `bytes`, or lifts the limit. Needs neither special rights nor a disk.
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

/// Returns the size of a file in bytes.
pub fn size(file: &Path) -> u64 {
    file.metadata().unwrap().len()
}
