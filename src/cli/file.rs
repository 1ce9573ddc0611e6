//! Files that a command writes.
//!
//! The rule: a file is written whole or not at all. It is written beside its place and then renamed, so a failure
//! leaves what was there.

use std::{
    fs, io,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use super::CliError;

/// Writes a file, in place of one that exists.
///
/// # Errors
/// Returns [`CliError::Usage`] if the place cannot be used or the disk is full, and [`CliError::File`] for other
/// failures.
pub fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let shown = path.display();
    let place = place(path)?;
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(CliError::Usage(format!("there is no folder {}; create it, or name another", folder.display())));
    }
    written(&place, folder, text).map_err(|error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CliError::Usage(format!(
            "the disk of {shown} is full, so the file was not written; free some space, then try again"
        )),
        // The error itself may name the file beside the place, which means nothing to people.
        kind => CliError::File { path: shown.to_string(), source: kind.into() },
    })
}

fn written(place: &Path, folder: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gloss-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The permissions of the file that is replaced, or those of any new file.
        let permissions = fs::metadata(place).map_or_else(|_| fs::Permissions::from_mode(0o666), |it| it.permissions());
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
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
