//! Files that a command writes.
//!
//! The rule: a file is written whole or not at all. It is written beside its place and then renamed, so a failure
//! leaves what was there.

use std::{
    fs, io,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::CliError;

/// A file that is being written beside its place.
pub struct Draft {
    file: NamedTempFile,
    place: PathBuf,
    shown: String,
}

impl Draft {
    /// Begins a file, which may exist.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if the place cannot be used or the disk is full, and [`CliError::File`] for other
    /// failures.
    pub fn begin(path: &Path) -> Result<Self, CliError> {
        let shown = path.display().to_string();
        let place = place(path)?;
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let message = format!("there is no folder {}; create it, or name another", folder.display());
            return Err(CliError::Usage(message));
        }
        match beside(&place, folder) {
            Ok(file) => Ok(Self { file, place, shown }),
            Err(error) => Err(failure(shown, &error)),
        }
    }

    /// Writes the next piece.
    ///
    /// # Errors
    /// As [`Draft::begin`].
    pub fn write(&mut self, piece: &[u8]) -> Result<(), CliError> {
        self.file.write_all(piece).map_err(|error| failure(self.shown.clone(), &error))
    }

    /// Ensures that all pieces are on the disk.
    ///
    /// # Errors
    /// As [`Draft::begin`].
    pub fn sync(&self) -> Result<(), CliError> {
        self.file.as_file().sync_all().map_err(|error| failure(self.shown.clone(), &error))
    }

    /// Puts the complete file in its place.
    ///
    /// # Errors
    /// As [`Draft::begin`].
    pub fn keep(self) -> Result<(), CliError> {
        self.sync()?;
        self.file.persist(self.place).map_err(|error| failure(self.shown, &error.error))?;
        Ok(())
    }
}

fn failure(shown: String, error: &io::Error) -> CliError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CliError::Usage(format!(
            "the disk of {shown} is full, so the file was not written; free some space, then try again"
        )),
        // The error itself may name the file beside the place, which means nothing to people.
        kind => CliError::File { path: shown, source: kind.into() },
    }
}

fn beside(place: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gloss-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The permissions of the file that is replaced, or those of any new file.
        let permissions = fs::metadata(place).map_or_else(|_| fs::Permissions::from_mode(0o666), |it| it.permissions());
        builder.permissions(permissions);
    }
    builder.tempfile_in(folder)
}

/// Returns where the file is: behind a link, what the link names.
fn place(path: &Path) -> Result<PathBuf, CliError> {
    let shown = path.display();
    match fs::canonicalize(path) {
        Ok(place) if place.is_file() => Ok(place),
        Ok(place) if place.is_dir() => Err(CliError::Usage(format!("{shown} is a folder; name a file in it"))),
        Ok(_) => Err(CliError::Usage(format!("{shown} is not a file; name one, or leave out -o to print the export"))),
        Err(_) => Ok(path.to_owned()),
    }
}
