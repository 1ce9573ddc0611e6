//! Descriptions as properties of a dbt project: merged into the files that are there, and new files for the rest.
//!
//! The rules: a table that dbt reads is a source, one that it builds is a model, a seed or a snapshot. If a file states
//! a table, its descriptions go there; other tables are sources, in a file for each schema. All files are read and
//! checked before the first one is written.

mod merge;
#[cfg(test)]
mod merge_tests;
mod project;
mod wanted;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use similar::TextDiff;

use self::{
    merge::{Counts, Merge, relation},
    project::{File, Project, plain},
    wanted::{Place, Wanted},
};
use crate::{
    cli::{
        CliError, Exit,
        dbt::{
            is_literal,
            project::parsed,
            yaml::{Documents, Node, Value},
        },
        file::Draft,
        output,
    },
    domain::{
        dbt::{Entry, Level, SOURCES, VERSION},
        text::{some_of, visible},
    },
};

/// The lists of a file whose items have descriptions. Sources come first.
const LISTS: [&str; 4] = [SOURCES, "models", "seeds", "snapshots"];

/// How to merge.
pub struct Options {
    /// Also replace descriptions that stand in the files.
    pub replaces: bool,
    /// Print the changes and write nothing.
    pub plans: bool,
}

/// An item of a list: the index of its file, the one of its document, the list, and its index there.
type Item = (usize, usize, &'static str, usize);

/// What to merge.
#[derive(Default)]
struct Plan {
    /// The entries for items that are there.
    entries: HashMap<Item, Entry>,
    /// The sources to add to files.
    sources: HashMap<usize, Vec<Entry>>,
    /// What stays as it is, and why.
    left: Vec<String>,
}

/// A file with its changes.
struct Changed {
    path: PathBuf,
    old: String,
    new: String,
    counts: Counts,
}

/// Merges an export in JSON into the files of a folder.
///
/// # Errors
/// Returns [`CliError::Usage`] for a folder or file that cannot be used; then nothing was written.
pub fn export(json: &str, folder: &Path, options: &Options) -> Result<Exit, CliError> {
    let mut wanted = Wanted::read(json).map_err(|_| CliError::NoGloss("what answers".to_owned()))?;
    let project = Project::read(folder)?;
    let mut files = Vec::new();
    for file in &project.files {
        files.push((file, parsed(&file.path, &file.text)?));
    }
    let mut plan = plan(&files, &mut wanted);
    let mut changed = add_sources(&files, &project.new, &wanted, &mut plan);
    let Merged { changed: others, kept, unsafe_files } = merged(&files, &mut plan, options.replaces);
    changed.extend(others);
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    plan.left.iter().for_each(|left| output::note(left));
    if options.plans {
        changed.iter().for_each(|file| output::print(difference(file)));
    } else {
        write(&project.new, &changed)?;
    }
    if !kept.is_empty() {
        let (count, names) = (kept.len(), visible(&some_of(&kept, ", ")).into_owned());
        let noun = if count == 1 { "description that stands" } else { "descriptions that stand" };
        let advice = if count == 1 { "replaces it" } else { "replaces them" };
        output::note(&format!("Kept {count} {noun} in the files: {names}. --replace-descriptions {advice}."));
    }
    if changed.is_empty() && unsafe_files.is_empty() {
        output::note("The files need no change.");
    }
    for path in &unsafe_files {
        let shown = path.display();
        output::complain(&format!(
            "gloss: {shown} cannot be changed without changing more; add its descriptions by hand"
        ));
    }
    Ok(if unsafe_files.is_empty() { Exit::Success } else { Exit::Failure })
}

/// Finds the items of the files that describe what is wanted.
fn plan(files: &[(&File, Documents<'_>)], wanted: &mut Wanted) -> Plan {
    let mut plan = Plan::default();
    let mut homes: HashMap<usize, Item> = HashMap::new();
    let mut sources: HashSet<Place> = HashSet::new();
    for (place, documents, item) in items(files, SOURCES) {
        let text = |key: &str| documents.get(item, key).and_then(Node::text);
        let Some(name) = text("name") else { continue };
        let schema = text("schema").filter(|schema| is_literal(schema)).unwrap_or(name);
        let Some(schema) = wanted.schema(schema, text("database").or_else(|| text("catalog"))) else { continue };
        let mut entry = Entry { entries: Vec::new(), ..wanted.0[schema].source.clone() };
        for table in documents.items(documents.get(item, "tables")) {
            let named = relation(documents, table, Level::Table);
            let Some(table) = named.and_then(|name| wanted.table(schema, name)) else { continue };
            if sources.insert(table) || !entry.entries.iter().any(|it| it.name == wanted.entry(table).name) {
                entry.entries.push(wanted.entry(table).clone());
            }
        }
        homes.entry(schema).or_insert(place);
        plan.entries.insert(place, entry);
    }
    let mut stated = sources.clone();
    for list in &LISTS[1..] {
        for (place, documents, item) in items(files, list) {
            let config = documents.get(item, "config");
            let text = |node: Option<&Node>, key: &str| Some(documents.get(node?, key)?.text()?.to_owned());
            let own = |key: &str| text(config, key).or_else(|| text(Some(item), key));
            let alias = own("alias").filter(|alias| is_literal(alias));
            let Some(name) = alias.or_else(|| text(Some(item), "name")) else { continue };
            let found = wanted.built(&name, own("schema").as_deref(), |table| sources.contains(&table));
            stated.extend(&found);
            if let [table] = found[..] {
                plan.entries.insert(place, wanted.entry(table).clone());
            } else if !found.is_empty() {
                let schemas: Vec<&str> = found.iter().map(|it| wanted.0[it.schema].source.name.as_str()).collect();
                let (path, name) = (files[place.0].0.path.display(), visible(&name));
                let schemas = schemas.join(", ");
                plan.left.push(format!("Left {name} in {path}: it is in {schemas}; choose one with --schema."));
            }
        }
    }
    for (at, schema) in wanted.0.iter_mut().enumerate() {
        let is_stated = |table| stated.contains(&Place { schema: at, table });
        schema.stated = (0..schema.source.entries.len()).map(is_stated).collect();
        if let Some(home) = homes.get(&at).and_then(|home| plan.entries.get_mut(home)) {
            home.entries.extend(schema.missing());
            schema.is_stated = true;
        }
    }
    plan
}

/// Returns the items of a list in all files.
fn items<'d>(
    files: &'d [(&File, Documents<'_>)],
    list: &'static str,
) -> impl Iterator<Item = (Item, &'d Documents<'d>, &'d Node)> {
    files.iter().enumerate().flat_map(move |(file, (_, documents))| {
        documents.roots.iter().enumerate().flat_map(move |(root, node)| {
            let items = documents.items(documents.get(node, list)).iter().enumerate();
            items.map(move |(at, item)| ((file, root, list, at), documents, item))
        })
    })
}

/// Adds the schemas that no file states as sources: to the file of the schema if it is there, else in a new one.
fn add_sources(files: &[(&File, Documents<'_>)], folder: &Path, wanted: &Wanted, plan: &mut Plan) -> Vec<Changed> {
    let names = items(files, SOURCES).filter_map(|(_, documents, item)| documents.get(item, "name")?.text());
    let mut names: HashSet<String> = names.map(str::to_lowercase).collect();
    let mut new: BTreeMap<PathBuf, Vec<Entry>> = BTreeMap::new();
    for schema in &wanted.0 {
        let entries: Vec<Entry> = schema.missing().collect();
        if schema.is_stated || entries.is_empty() && !schema.source.entries.is_empty() {
            continue;
        }
        let mut source = Entry { entries, ..schema.source.clone() };
        let mut number = 1;
        while !names.insert(source.name.to_lowercase()) {
            number += 1;
            source.name = format!("{}_{number}", schema.source.name);
            source.schema = Some(schema.source.name.clone());
        }
        let path = plain(&folder.join(file_name(&schema.source.name)));
        match files.iter().position(|(file, _)| file.path == path) {
            Some(file) => plan.sources.entry(file).or_default().push(source),
            None => new.entry(path).or_default().push(source),
        }
    }
    new.into_iter().map(|(path, sources)| Changed::new(path, String::new(), format!("{VERSION}\n"), &sources)).collect()
}

/// Returns the name of the file for a schema.
fn file_name(schema: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    format!("{}.yml", schema.chars().map(safe).collect::<String>())
}

/// What the merge into files gave.
#[derive(Default)]
struct Merged {
    changed: Vec<Changed>,
    /// The names of what has another description in the files.
    kept: Vec<String>,
    /// The files that cannot be changed without changing more.
    unsafe_files: Vec<PathBuf>,
}

/// Merges what is planned into the files.
fn merged(files: &[(&File, Documents<'_>)], plan: &mut Plan, replaces: bool) -> Merged {
    let mut merged = Merged::default();
    for (at, (file, documents)) in files.iter().enumerate() {
        let sources = plan.sources.remove(&at).unwrap_or_default();
        if documents.roots.is_empty() && !sources.is_empty() {
            let old = file.text.clone();
            let end = if old.is_empty() || old.ends_with('\n') { "" } else { documents.line_end };
            merged.changed.push(Changed::new(file.path.clone(), old.clone(), old + end, &sources));
            continue;
        }
        let mut merge = Merge::new(documents, replaces);
        let expected: Vec<Value> = documents
            .roots
            .iter()
            .enumerate()
            .map(|(root, node)| {
                let sources = if root == 0 { &sources[..] } else { &[] };
                merge.root(node, |list, item| plan.entries.get(&(at, root, list, item)).cloned(), sources)
            })
            .collect();
        let path = file.path.display();
        plan.left.extend(merge.left.iter().map(|left| format!("Left {left} in {path}.")));
        merged.kept.append(&mut merge.kept);
        let counts = merge.counts;
        match merge.text(&expected) {
            Ok(None) => {}
            Ok(Some(new)) => {
                merged.changed.push(Changed { path: file.path.clone(), old: file.text.clone(), new, counts });
            }
            Err(_) => merged.unsafe_files.push(file.path.clone()),
        }
    }
    merged
}

impl Changed {
    /// Adds sources at the end of a file without any.
    fn new(path: PathBuf, old: String, before: String, sources: &[Entry]) -> Self {
        let list: String = sources.iter().map(|source| source.block(2)).collect();
        let added = sources.iter().map(Entry::descriptions).sum();
        Self { path, old, new: format!("{before}{SOURCES}:\n{list}"), counts: Counts { added, ..Counts::default() } }
    }
}

/// Returns the changes of a file as a unified diff.
fn difference(file: &Changed) -> String {
    let path = file.path.display().to_string();
    let old = if file.old.is_empty() { "/dev/null" } else { &path };
    TextDiff::from_lines(&file.old, &file.new).unified_diff().header(old, &path).to_string()
}

/// Writes the files: first all beside their places, then each into its place.
fn write(new: &Path, changed: &[Changed]) -> Result<(), CliError> {
    if changed.iter().any(|file| file.old.is_empty()) && !new.exists() {
        fs::create_dir_all(new).map_err(|source| CliError::File { path: new.display().to_string(), source })?;
    }
    let mut drafts = Vec::new();
    for file in changed {
        let mut draft = Draft::begin(&file.path)?;
        draft.write(file.new.as_bytes())?;
        draft.sync()?;
        drafts.push(draft);
    }
    for (file, draft) in changed.iter().zip(drafts) {
        draft.keep()?;
        let Counts { added, replaced, .. } = file.counts;
        let noun = if added == 1 { "description" } else { "descriptions" };
        let replaced = if replaced > 0 { format!(", {replaced} replaced") } else { String::new() };
        output::note(&format!("Wrote {}: {added} {noun} added{replaced}.", file.path.display()));
    }
    Ok(())
}
