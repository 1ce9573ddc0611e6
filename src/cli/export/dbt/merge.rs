//! Inserts descriptions into a file that people wrote.
//!
//! The rules: everything that stands in the file stays as it is, byte for byte, except empty descriptions and lists,
//! and descriptions that are to be replaced. What an alias shares is not changed. Afterwards the file is parsed again:
//! it must say exactly what it said, and what was added.

use std::ops::Range;

use saphyr_parser::ScalarStyle;

use super::LISTS;
use crate::{
    cli::dbt::{
        is_literal,
        yaml::{Documents, Kind, Node, Value},
    },
    domain::{
        asset::quote_part,
        dbt::{DESCRIPTION, Entry, Level, block_text, quoted, template},
        text::visible,
    },
};

/// A change of the text.
#[derive(Debug)]
struct Edit {
    place: Range<usize>,
    text: String,
}

/// What was done to a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Descriptions that were added.
    pub added: usize,
    /// Descriptions that were replaced.
    pub replaced: usize,
}

/// The merge of entries into the documents of a file.
pub struct Merge<'a> {
    documents: &'a Documents<'a>,
    /// Whether to replace descriptions that stand there.
    replaces: bool,
    edits: Vec<Edit>,
    /// The names of the entries that are being merged, the outermost first.
    path: Vec<String>,
    /// What was done.
    pub counts: Counts,
    /// The names of what has another description that people wrote, which stays.
    pub kept: Vec<String>,
    /// What was left as it is, and why.
    pub left: Vec<String>,
}

/// The pairs of a mapping, as they will be.
type Pairs = Vec<(Value, Value)>;

impl<'a> Merge<'a> {
    /// Begins a merge.
    pub fn new(documents: &'a Documents<'a>, replaces: bool) -> Self {
        Self {
            documents,
            replaces,
            edits: Vec::new(),
            path: Vec::new(),
            counts: Counts::default(),
            kept: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Merges into the lists of a document. `wanted` returns the entry for an item of the list with this key. `sources`
    /// are added to the list of sources. Returns what the document will say.
    pub fn root(&mut self, root: &Node, wanted: impl Fn(&str, usize) -> Option<Entry>, sources: &[Entry]) -> Value {
        let Value::Mapping(mut pairs) = root.value() else { return root.value() };
        for (at, key) in LISTS.into_iter().enumerate() {
            let sources: Vec<&Entry> = if at == 0 { sources.iter().collect() } else { Vec::new() };
            self.list(root, &mut pairs, key, |at| wanted(key, at), &sources);
        }
        Value::Mapping(pairs)
    }

    /// Returns the text with all changes, if it says exactly `expected`; `None` if nothing changes.
    ///
    /// # Errors
    /// Returns an error if the file cannot be changed without changing something else.
    pub fn text(mut self, expected: &[Value]) -> Result<Option<String>, Unsafe> {
        if self.edits.is_empty() {
            return Ok(None);
        }
        self.edits.sort_by_key(|edit| edit.place.start);
        let old = self.documents.text;
        let mut text = String::with_capacity(old.len() * 2);
        let mut written = 0;
        for edit in &self.edits {
            text.push_str(old.get(written..edit.place.start).ok_or(Unsafe)?);
            text.push_str(&edit.text);
            written = edit.place.end;
        }
        text.push_str(&old[written..]);
        let read = Documents::parse(&text).map_err(|_| Unsafe)?;
        let said: Vec<Value> = read.roots.iter().map(Node::value).collect();
        if said == expected { Ok(Some(text)) } else { Err(Unsafe) }
    }

    /// Merges an entry into an item of a list, and returns what the item will say.
    fn entry(&mut self, item: &Node, entry: &Entry) -> Value {
        self.path.push(quote_part(&entry.name));
        let value = self.item(item, entry);
        self.path.pop();
        value
    }

    fn item(&mut self, item: &Node, entry: &Entry) -> Value {
        let Kind::Mapping { pairs: nodes, .. } = &item.kind else {
            self.check_shared(item, entry);
            return item.value();
        };
        let Value::Mapping(mut pairs) = item.value() else { return item.value() };
        if self.documents.is_shared(item) {
            self.check_shared(item, entry);
            return Value::Mapping(pairs);
        }
        debug_assert_eq!(nodes.len(), pairs.len());
        if let Some(description) = &entry.description {
            self.description(item, &mut pairs, entry, &template(description));
        }
        if let Some(key) = entry.level.list().filter(|_| !entry.entries.is_empty()) {
            let list = self.documents.items(self.documents.get(item, key));
            let level = if entry.level == Level::Source { Level::Table } else { Level::Column };
            let names: Vec<Option<&str>> = list.iter().map(|item| relation(self.documents, item, level)).collect();
            let found: Vec<Option<&Entry>> =
                names.iter().map(|name| matching(&entry.entries, (*name)?, |entry| entry.name.as_str())).collect();
            let is_missing = |entry: &&Entry| !found.iter().flatten().any(|found| std::ptr::eq(*found, *entry));
            let missing: Vec<&Entry> = entry.entries.iter().filter(is_missing).collect();
            self.list(item, &mut pairs, key, |at| found.get(at).copied().flatten().cloned(), &missing);
        }
        Value::Mapping(pairs)
    }

    /// Notes an item that an alias shares, if something is missing in it.
    fn check_shared(&mut self, item: &Node, entry: &Entry) {
        let mut own = self.documents.resolved(item).clone();
        let Kind::Mapping { .. } = own.kind else { return };
        // Without its anchor, the item is as any other.
        own.anchor = 0;
        let mut dry = Merge::new(self.documents, self.replaces);
        dry.path.clone_from(&self.path);
        dry.item(&own, entry);
        self.kept.append(&mut dry.kept);
        if !dry.edits.is_empty() || !dry.left.is_empty() {
            self.left.push(format!("{}: an alias shares it", visible(&entry.name)));
        }
    }

    /// Adds the description of an entry, unless the item has one.
    fn description(&mut self, item: &Node, pairs: &mut Pairs, entry: &Entry, new: &str) {
        let Kind::Mapping { pairs: nodes, flow } = &item.kind else { return };
        let said = Value::Scalar(new.to_owned(), false);
        let present = self.documents.get(item, DESCRIPTION);
        let is_same = |node: &Node| node.text().is_some_and(|text| text.trim() == new.trim());
        if let Some(present) = present.filter(|it| !it.is_empty()) {
            if is_same(present) {
                return;
            }
            if !self.replaces {
                self.kept.push(self.path.join("."));
                return;
            }
        }
        let own = nodes.iter().rposition(|(key, _)| key.text() == Some(DESCRIPTION));
        let Some(at) = own else {
            let Some(name) = nodes.iter().position(|(key, _)| key.text() == Some("name")) else {
                self.left.push(format!("{}: its name is merged from another place", visible(&entry.name)));
                return;
            };
            self.add_key(item, name, format!("{DESCRIPTION}: "), new, *flow);
            pairs.insert(name + 1, (Value::Scalar(DESCRIPTION.to_owned(), true), said));
            self.counts.added += 1;
            return;
        };
        let (key, value) = &nodes[at];
        let was_empty = value.is_empty();
        if self.set(key, value, &quoted(new)) {
            pairs[at].1 = said;
            let count = if was_empty { &mut self.counts.added } else { &mut self.counts.replaced };
            *count += 1;
        } else {
            self.left.push(format!("{}: its description has an alias, an anchor or a tag", visible(&entry.name)));
        }
    }

    /// Inserts a key after the one with this index.
    fn add_key(&mut self, mapping: &Node, after: usize, key: String, value: &str, flow: bool) {
        let Kind::Mapping { pairs, .. } = &mapping.kind else { return };
        let (before, last) = &pairs[after];
        let end = self.documents.end(before).max(self.documents.end(last));
        if flow {
            self.insert(end, format!(", {key}{}", quoted(value)));
        } else {
            let column = mapping.column;
            let text = format!("{:column$}{key}{}", "", block_text(value, column + 2));
            self.insert_lines(end, &text);
        }
    }

    /// Sets the scalar of a key. Returns `false` if it cannot be set.
    fn set(&mut self, key: &Node, value: &Node, new: &str) -> bool {
        let Kind::Scalar { style, .. } = &value.kind else { return false };
        let Some(colon) = self.colon(key) else { return false };
        if value.anchor != 0 || value.tagged {
            return false;
        }
        match style {
            ScalarStyle::Literal | ScalarStyle::Folded => {
                // `|` and what belongs to it, then the lines below.
                let text = self.documents.text;
                let line_end = self.documents.end_of_line(colon);
                let header = colon + text[colon..line_end].len() - text[colon..line_end].trim_start().len();
                let length = text[header..line_end].find([' ', '\t']).unwrap_or(line_end - header);
                self.edits.push(Edit { place: header..header + length, text: new.to_owned() });
                self.edits.push(Edit { place: line_end..self.documents.end(value).max(line_end), text: String::new() });
            }
            _ if value.span.is_empty() => self.insert(colon, format!(" {new}")),
            _ => self.edits.push(Edit { place: value.span.clone(), text: new.to_owned() }),
        }
        true
    }

    /// Returns the position after the colon of a key.
    fn colon(&self, key: &Node) -> Option<usize> {
        let rest = &self.documents.text[key.span.end..];
        let bare = rest.trim_start_matches([' ', '\t']);
        bare.starts_with(':').then(|| key.span.end + rest.len() - bare.len() + 1)
    }

    /// Merges into the items of the list with this key, and adds entries at its end.
    fn list(
        &mut self,
        parent: &Node,
        pairs: &mut Pairs,
        name: &str,
        wanted: impl Fn(usize) -> Option<Entry>,
        missing: &[&Entry],
    ) {
        let Kind::Mapping { pairs: nodes, flow } = &parent.kind else { return };
        let added: Vec<Value> = missing.iter().filter_map(|entry| said(entry)).collect();
        let count: usize = missing.iter().map(|entry| entry.descriptions()).sum();
        // A description may have been inserted, so the pair has another index in what the mapping will say.
        let at = pairs.iter().rposition(|(key, _)| matches!(key, Value::Scalar(key, _) if key == name));
        let own = nodes.iter().rev().find(|(key, _)| key.text() == Some(name));
        let (Some(at), Some((key, list))) = (at, own) else {
            if missing.is_empty() {
                return;
            }
            if self.documents.get(parent, name).is_some() {
                self.left.push(format!("{name}: they are merged from another place"));
                return;
            }
            self.add_list(parent, name, missing, *flow);
            pairs.push((Value::Scalar(name.to_owned(), true), Value::List(added)));
            self.counts.added += count;
            return;
        };
        let is_shared = self.documents.is_shared(list);
        let is_own = !is_shared && list.anchor == 0 && !list.tagged;
        if is_own && list.is_null() && !missing.is_empty() && self.fill(parent, key, list, missing, *flow) {
            pairs[at].1 = Value::List(added);
            self.counts.added += count;
            return;
        }
        let items = self.documents.items(Some(list));
        if is_shared {
            let mut dry = Merge::new(self.documents, self.replaces);
            for (at, item) in items.iter().enumerate() {
                if let Some(entry) = wanted(at) {
                    dry.entry(item, &entry);
                }
            }
            if !dry.edits.is_empty() || !dry.left.is_empty() || !missing.is_empty() {
                self.left.push(format!("{name}: an alias shares them"));
            }
            return;
        }
        let Kind::List { items, flow: list_flow } = &list.kind else {
            if !missing.is_empty() && !list.is_null() {
                self.left.push(format!("{name}: they are no list"));
            }
            return;
        };
        let Value::List(mut values) = pairs[at].1.clone() else { return };
        for (index, item) in items.iter().enumerate() {
            if let Some(entry) = wanted(index) {
                values[index] = self.entry(item, &entry);
            }
        }
        if !missing.is_empty() {
            let is_bare = self.documents.text[list.span.clone()].trim_start_matches('[').trim_end_matches(']').trim();
            let fills = items.is_empty() && !flow && is_bare.is_empty() && list.anchor == 0 && !list.tagged;
            if fills && self.fill(parent, key, list, missing, false) {
                pairs[at].1 = Value::List(added);
                self.counts.added += count;
                return;
            }
            self.append(list, items, missing, *list_flow);
            values.extend(added);
            self.counts.added += count;
        }
        pairs[at].1 = Value::List(values);
    }

    /// Adds items at the end of a list.
    fn append(&mut self, list: &Node, items: &[Node], missing: &[&Entry], flow: bool) {
        if flow {
            let texts: Vec<String> = missing.iter().map(|entry| entry.flow()).collect();
            match items.last() {
                Some(last) => self.insert(self.documents.end(last), format!(", {}", texts.join(", "))),
                None => {
                    let open = list.span.start + self.documents.text[list.span.clone()].find('[').unwrap_or_default();
                    self.insert(open + 1, texts.join(", "));
                }
            }
            return;
        }
        let text: String = missing.iter().map(|entry| entry.block(list.column)).collect();
        let end = self.documents.behind_comments(self.documents.end(list), list.column + 1);
        self.insert_lines(end, &text);
    }

    /// Puts a list in the place of an empty one or of null.
    fn fill(&mut self, parent: &Node, key: &Node, list: &Node, missing: &[&Entry], flow: bool) -> bool {
        let Some(colon) = self.colon(key) else { return false };
        // An empty value has no place of its own.
        let end = if list.span.is_empty() { colon } else { list.span.end };
        if flow {
            let texts: Vec<String> = missing.iter().map(|entry| entry.flow()).collect();
            self.edits.push(Edit { place: colon..end, text: format!(" [{}]", texts.join(", ")) });
            return true;
        }
        if end > colon {
            self.edits.push(Edit { place: colon..end, text: String::new() });
        }
        let column = parent.column + self.documents.offset;
        let text: String = missing.iter().map(|entry| entry.block(column)).collect();
        self.insert_lines(end, &text);
        true
    }

    /// Adds a list at the end of a mapping.
    fn add_list(&mut self, parent: &Node, name: &str, missing: &[&Entry], flow: bool) {
        let end = match &parent.kind {
            Kind::Mapping { pairs, .. } if flow => pairs
                .last()
                .map_or(parent.span.start, |(key, value)| self.documents.end(key).max(self.documents.end(value))),
            _ => self.documents.behind_comments(self.documents.end(parent), parent.column),
        };
        if flow {
            let texts: Vec<String> = missing.iter().map(|entry| entry.flow()).collect();
            self.insert(end, format!(", {name}: [{}]", texts.join(", ")));
            return;
        }
        let column = parent.column;
        let items: String = missing.iter().map(|entry| entry.block(column + self.documents.offset)).collect();
        self.insert_lines(end, &format!("{:column$}{name}:\n{items}", ""));
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push(Edit { place: at..at, text });
    }

    /// Inserts lines below the one with this position.
    fn insert_lines(&mut self, at: usize, lines: &str) {
        let line_end = self.documents.line_end;
        let lines = lines.trim_end_matches('\n').replace('\n', line_end);
        self.insert(self.documents.end_of_line(at), format!("{line_end}{lines}"));
    }
}

/// The file cannot be changed without changing something else.
#[derive(Debug)]
pub struct Unsafe;

/// Returns the name that a table or column has in the database.
pub fn relation<'n>(documents: &'n Documents<'_>, item: &'n Node, level: Level) -> Option<&'n str> {
    let identifier = || documents.get(item, "identifier")?.text();
    let stated = (level == Level::Table).then(identifier).flatten().filter(|name| is_literal(name));
    stated.or_else(|| documents.get(item, "name")?.text())
}

/// Returns the entry with this name; without regard to case if no other one fits.
pub fn matching<'e, 'n, T>(entries: &'e [T], name: &str, name_of: impl Fn(&'e T) -> &'n str) -> Option<&'e T> {
    let exact = entries.iter().find(|entry| name_of(entry) == name);
    exact.or_else(|| {
        let lower = name.to_lowercase();
        let mut similar = entries.iter().filter(|entry| name_of(entry).to_lowercase() == lower);
        similar.next().filter(|_| similar.next().is_none())
    })
}

/// Returns what an entry says in a file.
fn said(entry: &Entry) -> Option<Value> {
    Documents::parse(&entry.flow()).ok()?.roots.first().map(Node::value)
}
