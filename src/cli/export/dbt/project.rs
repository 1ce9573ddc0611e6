//! The files into which an export merges, and the folder for new ones.

use std::path::{Path, PathBuf};

use crate::cli::{
    CliError,
    dbt::project::{Files, Settings, read},
};

/// A file that may hold properties.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it; nothing if it does not exist yet.
    pub text: String,
}

/// The files and the folder for new ones.
pub struct Project {
    /// All files, by their paths.
    pub files: Vec<File>,
    /// The folder for new files.
    pub new: PathBuf,
}

impl Project {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] if it is no folder or a file cannot be used, and [`CliError::File`] for what cannot
    /// be read.
    pub fn read(folder: &Path) -> Result<Self, CliError> {
        let shown = folder.display();
        if folder.is_file() {
            let message = format!("{shown} is a file; name a folder, for example the one of a dbt project");
            return Err(CliError::Usage(message));
        }
        if !folder.is_dir() {
            return Err(CliError::Usage(format!("there is no folder {shown}; create it, or name another")));
        }
        let folders = match Settings::read(folder)? {
            Some(settings) => [settings.models, settings.others].concat(),
            None => vec![folder.to_owned()],
        };
        let found = Files::below(&folders)?.yaml.into_iter();
        let files = found.map(|path| Ok(File { text: read(&path)?, path: plain(&path) }));
        let new = folders.into_iter().next().unwrap_or_else(|| folder.to_owned());
        Ok(Self { files: files.collect::<Result<_, CliError>>()?, new })
    }
}

/// Returns a path in the current folder as people write it.
pub fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
