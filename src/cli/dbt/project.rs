//! Where dbt keeps its files, and their texts.
//!
//! The rule: in the folder of a project only the folders are read in which dbt looks for properties.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::yaml::Documents;
use crate::cli::CliError;

/// Folders that hold nothing of the project itself.
const SKIPPED: [&str; 6] = ["target", "dbt_packages", "dbt_modules", "logs", "node_modules", "venv"];
/// Maximum number of files.
const MAX_FILES: usize = 50_000;
/// Maximum size of a file, in bytes.
const MAX_BYTES: u64 = 20_000_000;

/// What the settings of a project state. The folders may not exist.
pub struct Settings {
    /// The name of the project.
    pub name: Option<String>,
    /// The folders of models.
    pub models: Vec<PathBuf>,
    /// The folders of seeds and snapshots.
    pub others: Vec<PathBuf>,
    /// The folders of Markdown files; empty for the others.
    pub docs: Vec<PathBuf>,
}

impl Settings {
    /// Reads the settings of the project in a folder; `None` if it has none.
    ///
    /// # Errors
    /// Returns the errors of [`read`] and [`parsed`].
    pub fn read(folder: &Path) -> Result<Option<Self>, CliError> {
        let file = folder.join("dbt_project.yml");
        if !file.is_file() {
            return Ok(None);
        }
        let text = read(&file)?;
        let settings = parsed(&file, &text)?;
        let root = settings.roots.first();
        let paths = |key: &str, usual: Option<&str>| -> Vec<PathBuf> {
            let stated = settings.items(root.and_then(|root| settings.get(root, key)));
            let stated: Vec<&str> = stated.iter().filter_map(|path| path.text()).collect();
            let paths = if stated.is_empty() { usual.into_iter().collect() } else { stated };
            paths.into_iter().map(|path| folder.join(path)).collect()
        };
        let mut others = paths("seed-paths", Some("seeds"));
        others.extend(paths("snapshot-paths", Some("snapshots")));
        let name = root.and_then(|root| settings.get(root, "name")?.text()).map(str::to_owned);
        Ok(Some(Self { name, models: paths("model-paths", Some("models")), others, docs: paths("docs-paths", None) }))
    }
}

/// Files that may hold descriptions.
#[derive(Debug, Default)]
pub struct Files {
    /// Properties, as YAML.
    pub yaml: Vec<PathBuf>,
    /// Blocks of documentation, as Markdown.
    pub markdown: Vec<PathBuf>,
}

impl Files {
    /// Finds the files of these folders, and of the folders in them, except installed packages and what dbt has made.
    ///
    /// # Errors
    /// Returns [`CliError::File`] for a folder that cannot be read, and [`CliError::Usage`] for too many files.
    pub fn below<'p>(folders: impl IntoIterator<Item = &'p PathBuf>) -> Result<Self, CliError> {
        let mut files = Self::default();
        for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
            files.search(folder)?;
        }
        for found in [&mut files.yaml, &mut files.markdown] {
            found.sort();
            found.dedup();
        }
        Ok(files)
    }

    fn search(&mut self, folder: &Path) -> Result<(), CliError> {
        let cannot = |source| CliError::File { path: folder.display().to_string(), source };
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            // Links to folders could lead in circles.
            let kind = entry.file_type().map_err(cannot)?;
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                if !SKIPPED.contains(&name.as_ref()) {
                    self.search(&path)?;
                }
            } else if path.is_file() {
                match path.extension().and_then(|ending| ending.to_str()) {
                    Some("yml" | "yaml") => self.yaml.push(path),
                    Some("md") => self.markdown.push(path),
                    _ => {}
                }
            }
            if self.yaml.len() + self.markdown.len() > MAX_FILES {
                let message = format!("{} has more than {MAX_FILES} files; name a folder below it", folder.display());
                return Err(CliError::Usage(message));
            }
        }
        Ok(())
    }
}

/// Reads a file.
///
/// # Errors
/// Returns [`CliError::File`] if it cannot be read, and [`CliError::Usage`] if it is too large or not UTF-8.
pub fn read(path: &Path) -> Result<String, CliError> {
    let shown = path.display().to_string();
    let cannot = |source| CliError::File { path: shown.clone(), source };
    if fs::metadata(path).map_err(cannot)?.len() > MAX_BYTES {
        return Err(CliError::Usage(format!("{shown} is larger than 20 MB; split the file, then try again")));
    }
    let bytes = fs::read(path).map_err(cannot)?;
    String::from_utf8(bytes)
        .map_err(|_| CliError::Usage(format!("{shown} is not UTF-8; convert the file, then try again")))
}

/// Parses a file.
///
/// # Errors
/// Returns [`CliError::Usage`] with the place that is not valid YAML.
pub fn parsed<'t>(path: &Path, text: &'t str) -> Result<Documents<'t>, CliError> {
    Documents::parse(text).map_err(|fault| {
        let place = format!("{}:{}:{}", path.display(), fault.line, fault.column);
        CliError::Usage(format!("{place}: this is not valid YAML: {}; correct the file, then try again", fault.reason))
    })
}
