//! The descriptions in the files of a dbt project.
//!
//! The rule: every file is read before anything is imported, and one that does not parse stops the import.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::docs::{Docs, Unresolved};
use crate::cli::{
    CliError,
    dbt::{
        is_literal,
        project::{Files, Settings, parsed, read},
        yaml::{Documents, Node},
    },
    import::{Problems, storable},
};

/// A description of a table or column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The schema, if the files tell it.
    pub schema: Option<String>,
    /// Whether dbt may put a prefix before the schema.
    pub is_suffix: bool,
    /// The table or view.
    pub table: String,
    /// The column; `None` for the table itself.
    pub column: Option<String>,
    /// The text.
    pub text: String,
    /// Where it stands: `models/schema.yml:12`.
    pub place: String,
}

/// What a project describes.
#[derive(Debug, Default)]
pub struct Project {
    /// Its name: that of the project, or of the file or folder.
    pub name: String,
    /// The descriptions, in the order of the files.
    pub descriptions: Vec<Description>,
    /// The number of files with descriptions.
    pub files: usize,
}

impl Project {
    /// Reads a project, a folder or a file.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for a file that does not parse, with its line and column, and if there is nothing to
    /// read; [`CliError::File`] for a file that cannot be read.
    pub fn read(path: &Path, problems: &mut Problems) -> Result<Self, CliError> {
        let absolute =
            fs::canonicalize(path).map_err(|source| CliError::File { path: path.display().to_string(), source })?;
        let name = absolute.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut project = Self { name, ..Self::default() };
        let files = project.files_of(path)?;
        let mut docs = Docs::default();
        for file in &files.markdown {
            docs.add(&read(file)?);
        }
        let root = if path.is_dir() { path } else { folder_of(path) };
        for file in &files.yaml {
            let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
            let text = read(file)?;
            let documents = parsed(file, &text)?;
            let found = &mut project.descriptions;
            let mut reader = Reader { file: &shown, documents: &documents, docs: &docs, problems, found };
            for document in &documents.roots {
                project.files += usize::from(reader.document(document));
            }
        }
        if project.files == 0 {
            return Err(CliError::Usage(format!(
                "{} has no models, sources, seeds or snapshots; name a dbt project, a folder of it or a schema.yml",
                path.display()
            )));
        }
        Ok(project)
    }

    /// Returns the files to read: those in the folders that the project's settings name, else in the folder itself.
    fn files_of(&mut self, path: &Path) -> Result<Files, CliError> {
        if !path.is_dir() {
            // The blocks to which the descriptions refer may stand beside the file.
            let beside = Files::below([&folder_of(path).to_owned()])?;
            return Ok(Files { yaml: vec![path.to_owned()], ..beside });
        }
        let Some(settings) = Settings::read(path)? else { return Files::below([&path.to_owned()]) };
        if let Some(name) = settings.name {
            self.name = name;
        }
        let folders: Vec<PathBuf> = [settings.models, settings.others, settings.docs].concat();
        Files::below(&folders)
    }
}

/// The folder of a file.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reads the descriptions of one file.
struct Reader<'a> {
    file: &'a str,
    documents: &'a Documents<'a>,
    docs: &'a Docs,
    problems: &'a mut Problems,
    found: &'a mut Vec<Description>,
}

impl<'a> Reader<'a> {
    /// Reads a document. Returns whether it is one of dbt's.
    fn document(&mut self, root: &'a Node) -> bool {
        let mut is_dbt = false;
        for source in self.items(root, "sources") {
            is_dbt = true;
            let schema = self.text(source, "schema").or_else(|| self.text(source, "name"));
            let schema = schema.filter(|schema| is_literal(schema));
            for table in self.items(source, "tables") {
                let name = self.text(table, "identifier").or_else(|| self.text(table, "name"));
                self.table(table, name, schema, false);
            }
        }
        for kind in ["models", "seeds", "snapshots"] {
            for node in self.items(root, kind) {
                is_dbt = true;
                let config = self.documents.get(node, "config");
                let set = |key: &str| self.literal(config?, key);
                let name = set("alias").or_else(|| self.literal(node, "alias")).or_else(|| self.text(node, "name"));
                let schema = set("schema").or_else(|| set("target_schema"));
                self.table(node, name, schema, true);
            }
        }
        is_dbt
    }

    /// Returns the items of the list with this key.
    fn items(&self, node: &'a Node, key: &str) -> &'a [Node] {
        self.documents.items(self.documents.get(node, key))
    }

    /// Returns the text of a key.
    fn text(&self, node: &'a Node, key: &str) -> Option<&'a str> {
        self.documents.get(node, key)?.text()
    }

    /// Returns the text of a key if it is not empty and without Jinja.
    fn literal(&self, node: &'a Node, key: &str) -> Option<&'a str> {
        self.text(node, key).filter(|text| is_literal(text))
    }

    fn table(&mut self, node: &'a Node, name: Option<&str>, schema: Option<&str>, is_suffix: bool) {
        let Some(name) = name.filter(|name| is_literal(name)) else { return };
        self.describe(node, name, schema, is_suffix, None);
        for column in self.items(node, "columns") {
            if let Some(column_name) = self.literal(column, "name") {
                self.describe(column, name, schema, is_suffix, Some(column_name));
            }
        }
    }

    fn describe(&mut self, node: &'a Node, table: &str, schema: Option<&str>, is_suffix: bool, column: Option<&str>) {
        let Some(description) = self.documents.get(node, "description") else { return };
        let Some(text) = description.text().filter(|_| !description.is_empty()) else { return };
        let place = format!("{}:{}", self.file, description.line);
        let asset = column.map_or_else(|| table.to_owned(), |column| format!("{table}.{column}"));
        let text = match self.docs.resolve(text) {
            Ok(text) => text,
            Err(unresolved) => {
                let why = match unresolved {
                    Unresolved::NoBlock(name) => format!("no Markdown file has the block {name:?}"),
                    Unresolved::Jinja => "only dbt can evaluate its Jinja".to_owned(),
                };
                return self.problems.add(|| format!("the description of {asset} at {place}, because {why}"));
            }
        };
        if text.trim().is_empty() {
            return;
        }
        let Some(text) = storable(&text) else {
            return self.problems.add(|| format!("the description of {asset} at {place}, because it is too long"));
        };
        self.found.push(Description {
            schema: schema.map(str::to_owned),
            is_suffix,
            table: table.to_owned(),
            column: column.map(str::to_owned),
            text,
            place,
        });
    }
}
