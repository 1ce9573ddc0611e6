//! YAML documents with the place of each node in the text.
//!
//! The rule: a document is read for what it says, to find where to insert, and to compare what was meant with what the
//! text says now. The text itself is never written from the nodes.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Maximum depth of nodes.
const DEPTH: usize = 100;

/// A node and its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its bytes; of a node in block style, where it begins.
    pub span: Range<usize>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The column of its first key or dash, in block style.
    pub column: usize,
    /// The number of its anchor; 0 if it has none.
    pub anchor: usize,
    /// Whether it has a tag.
    pub tagged: bool,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A text, a number, a boolean or null.
    Scalar {
        /// Its text.
        value: String,
        /// How it is written.
        style: ScalarStyle,
    },
    /// A list, in flow style or not.
    List {
        /// Its items.
        items: Vec<Node>,
        /// Whether it is in flow style.
        flow: bool,
    },
    /// A mapping, in flow style or not.
    Mapping {
        /// Its keys and values.
        pairs: Vec<(Node, Node)>,
        /// Whether it is in flow style.
        flow: bool,
    },
    /// Stands for the node with this anchor.
    Alias(usize),
}

/// What a node says, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar, and whether it is plain: only then it can be null, a number or a boolean.
    Scalar(String, bool),
    /// A list.
    List(Vec<Value>),
    /// A mapping, in its order.
    Mapping(Vec<(Value, Value)>),
    /// Stands for the node with this anchor.
    Alias(usize),
}

impl Node {
    /// Returns what the node says.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar { value, style } => Value::Scalar(value.clone(), *style == ScalarStyle::Plain),
            Kind::List { items, .. } => Value::List(items.iter().map(Self::value).collect()),
            Kind::Mapping { pairs, .. } => {
                Value::Mapping(pairs.iter().map(|(key, value)| (key.value(), value.value())).collect())
            }
            Kind::Alias(anchor) => Value::Alias(*anchor),
        }
    }

    /// Returns the text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns whether the node is null.
    pub fn is_null(&self) -> bool {
        let Kind::Scalar { value, style: ScalarStyle::Plain } = &self.kind else { return false };
        matches!(value.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Returns whether nothing is stated: the node is null or an empty text.
    pub fn is_empty(&self) -> bool {
        self.is_null() || self.text().is_some_and(|text| text.trim().is_empty())
    }
}

/// The documents of a file.
#[derive(Debug)]
pub struct Documents<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// The documents.
    pub roots: Vec<Node>,
    /// The line end of the file.
    pub line_end: &'static str,
    /// The number of columns from a key to the dashes of its list.
    pub offset: usize,
    anchored: HashMap<usize, Node>,
    aliased: HashSet<usize>,
}

/// Where and why a text is no YAML.
#[derive(Debug, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct Invalid {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

/// A collection whose end was not read yet.
struct Open {
    node: Node,
    /// The last key of a mapping, until its value was read.
    key: Option<Node>,
}

impl<'a> Documents<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// Returns the first place that is no YAML.
    pub fn parse(text: &'a str) -> Result<Self, Invalid> {
        let line_end = if text.find('\n').is_some_and(|at| text[..at].ends_with('\r')) { "\r\n" } else { "\n" };
        let mut read =
            Self { text, roots: Vec::new(), line_end, offset: 2, anchored: HashMap::new(), aliased: HashSet::new() };
        // The parser counts characters. What marks the file as Unicode is no part of the first document.
        let content = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let begin = text.len() - content.len();
        let mut bytes: Vec<usize> = content.char_indices().map(|(at, _)| begin + at).collect();
        bytes.push(text.len());
        let mut open: Vec<Open> = Vec::new();
        let too_deep = || format!("more than {DEPTH} levels of nesting");
        for event in Parser::new_from_str(content) {
            let (event, span) = event.map_err(|error| Invalid {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                // The parser reads ahead, and has a limit of its own.
                reason: if error.info().contains("recursion") { too_deep() } else { error.info().to_owned() },
            })?;
            let at = |index: usize| bytes[index.min(bytes.len() - 1)];
            let start = at(span.start.index());
            let bytes = start..at(span.end.index()).max(start);
            if open.len() == DEPTH {
                let (line, column) = (span.start.line(), span.start.col() + 1);
                return Err(Invalid { line, column, reason: too_deep() });
            }
            match event {
                Event::Scalar(value, style, anchor, tag) => {
                    let kind = Kind::Scalar { value: value.into_owned(), style };
                    let mut node = node(kind, bytes, span, anchor, tag.is_some());
                    node.span.end = node.span.start + quoted_length(&text[node.span.clone()], style);
                    read.close(&mut open, node);
                }
                Event::Alias(anchor) => {
                    read.aliased.insert(anchor);
                    read.close(&mut open, node(Kind::Alias(anchor), bytes, span, 0, false));
                }
                Event::SequenceStart(anchor, tag) => {
                    let flow = text[bytes.clone()].trim_end().ends_with('[');
                    let kind = Kind::List { items: Vec::new(), flow };
                    let begins = text[bytes.end..].starts_with('-');
                    let mut list = node(kind, bytes, span, anchor, tag.is_some());
                    if let Some(parent) = open.last().filter(|_| !flow && !begins) {
                        // The list stands in the column of its key; the parser gives the column of its first item.
                        list.column = parent.node.column;
                    }
                    open.push(Open { node: list, key: None });
                }
                Event::MappingStart(anchor, tag) => {
                    let flow = text[bytes.clone()].trim_end().ends_with('{');
                    let kind = Kind::Mapping { pairs: Vec::new(), flow };
                    open.push(Open { node: node(kind, bytes, span, anchor, tag.is_some()), key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(Open { mut node, .. }) = open.pop() else { continue };
                    if let Kind::List { flow: true, .. } | Kind::Mapping { flow: true, .. } = node.kind {
                        let bracket = if event == Event::SequenceEnd { ']' } else { '}' };
                        // The parser's end may lie before or behind the bracket.
                        node.span.end = text[bytes.start..].find(bracket).map_or(bytes.end, |at| bytes.start + at + 1);
                    }
                    read.close(&mut open, node);
                }
                _ => {}
            }
        }
        if let Some(offset) = read.roots.iter().find_map(offset) {
            read.offset = offset;
        }
        Ok(read)
    }

    /// Adds a complete node to the collection that is open.
    fn close(&mut self, open: &mut [Open], node: Node) {
        if node.anchor != 0 {
            self.anchored.insert(node.anchor, node.clone());
        }
        let Some(parent) = open.last_mut() else {
            self.roots.push(node);
            return;
        };
        match &mut parent.node.kind {
            Kind::List { items, .. } => items.push(node),
            Kind::Mapping { pairs, .. } => match parent.key.take() {
                Some(key) => pairs.push((key, node)),
                None => parent.key = Some(node),
            },
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
    }

    /// Returns the node that an alias stands for.
    pub fn resolved<'n>(&'n self, node: &'n Node) -> &'n Node {
        match &node.kind {
            Kind::Alias(anchor) => self.anchored.get(anchor).unwrap_or(node),
            _ => node,
        }
    }

    /// Returns whether a change of this node would be one of another place, too.
    pub fn is_shared(&self, node: &Node) -> bool {
        matches!(node.kind, Kind::Alias(_)) || self.aliased.contains(&node.anchor)
    }

    /// Returns the value of a key, also one from a mapping that is merged with `<<`.
    pub fn get<'n>(&'n self, node: &'n Node, key: &str) -> Option<&'n Node> {
        self.get_within(node, key, DEPTH)
    }

    fn get_within<'n>(&'n self, node: &'n Node, key: &str, depth: usize) -> Option<&'n Node> {
        let Kind::Mapping { pairs, .. } = &self.resolved(node).kind else { return None };
        let named = |name: &str| pairs.iter().rev().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value);
        if let Some(value) = named(key) {
            return Some(self.resolved(value));
        }
        let depth = depth.checked_sub(1)?;
        let merged = self.resolved(named("<<")?);
        match &merged.kind {
            Kind::List { items, .. } => items.iter().find_map(|item| self.get_within(item, key, depth)),
            _ => self.get_within(merged, key, depth),
        }
    }

    /// Returns the items of a list; none if it is not a list.
    pub fn items<'n>(&'n self, node: Option<&'n Node>) -> &'n [Node] {
        match node.map(|node| &self.resolved(node).kind) {
            Some(Kind::List { items, .. }) => items,
            _ => &[],
        }
    }

    /// Returns where the line of this position ends, without its line end.
    pub fn end_of_line(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |found| at + found);
        if self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// Returns a place in the last of the comment lines that follow the line of `at` and are indented by `column` or
    /// more, which people wrote below the thing that ends there; `at` if none does.
    pub fn behind_comments(&self, at: usize, column: usize) -> usize {
        let mut last = at;
        let mut next = self.text[at..].find('\n').map(|found| at + found + 1);
        while let Some(begin) = next {
            let line = self.text[begin..].lines().next().unwrap_or_default();
            let indent = line.len() - line.trim_start_matches(' ').len();
            if indent < column || !line[indent..].starts_with('#') {
                break;
            }
            last = begin + indent;
            next = self.text[begin..].find('\n').map(|found| begin + found + 1);
        }
        last
    }

    /// Returns where the last thing of a node ends.
    pub fn end(&self, node: &Node) -> usize {
        match &node.kind {
            Kind::Scalar { value, style: ScalarStyle::Literal | ScalarStyle::Folded } => {
                let text = self.text[..node.span.end].trim_end_matches([' ', '\r']);
                let kept = value.ends_with("\n\n") || value == "\n";
                if kept { text.strip_suffix('\n').unwrap_or(text).len() } else { text.trim_end().len() }
            }
            Kind::List { items, flow: false } => items.last().map_or(node.span.end, |item| self.end(item)),
            Kind::Mapping { pairs, flow: false } => {
                pairs.last().map_or(node.span.end, |(key, value)| self.end(key).max(self.end(value)))
            }
            _ => node.span.end,
        }
    }
}

/// Returns the length of a scalar with this text. The parser counts a comment behind quotes, too.
fn quoted_length(text: &str, style: ScalarStyle) -> usize {
    let quote = match style {
        ScalarStyle::SingleQuoted => '\'',
        ScalarStyle::DoubleQuoted => '"',
        _ => return text.len(),
    };
    let mut chars = text.char_indices().skip_while(|(_, c)| *c != quote).skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '"' || chars.peek().is_none_or(|(_, next)| *next != quote) {
                return at + 1;
            }
            chars.next();
        }
    }
    text.len()
}

fn node(kind: Kind, bytes: Range<usize>, span: Span, anchor: usize, tagged: bool) -> Node {
    Node { kind, span: bytes, line: span.start.line(), column: span.end.col(), anchor, tagged }
}

/// Returns the number of columns from a key to the dashes of its list, of the first such list.
fn offset(node: &Node) -> Option<usize> {
    match &node.kind {
        Kind::List { items, .. } => items.iter().find_map(offset),
        Kind::Mapping { pairs, flow: false } => pairs.iter().find_map(|(_, value)| match &value.kind {
            Kind::List { flow: false, .. } => value.column.checked_sub(node.column),
            _ => offset(value),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nodes_know_their_places() {
        let text = "é: &a [x, {b: 1, } ]\r\nk:\r\n- n: *a\r\n";
        let documents = Documents::parse(text).unwrap();
        let Kind::Mapping { pairs, flow: false } = &documents.roots[0].kind else { panic!("{documents:?}") };
        assert_eq!(&text[pairs[0].1.span.clone()], "&a [x, {b: 1, } ]");
        let Kind::List { items, flow: true } = &pairs[0].1.kind else { panic!("{documents:?}") };
        assert_eq!(&text[items[1].span.clone()], "{b: 1, }");
        assert_eq!((documents.line_end, documents.offset), ("\r\n", 0));
        assert!(documents.is_shared(&pairs[0].1));
        assert_eq!(documents.items(documents.get(&documents.items(Some(&pairs[1].1))[0], "n")).len(), 2);
        let second = &documents.items(Some(&pairs[1].1))[0];
        assert_eq!((pairs[0].1.line, second.line), (1, 3));
        let error = Documents::parse("a:\n  b: 1\n\tc: 2\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column 6: "), "{error}");
        assert!(Documents::parse(&"[".repeat(10_000)).unwrap_err().to_string().contains("levels"));
    }

    #[test]
    fn values_are_found_behind_aliases_and_merges() {
        let text = "\u{FEFF}a: &x {n: 1, m: two}\nb:\n  <<: *x\n  m: |\n    three\n    lines\nc: [*x, ~, '']\n";
        let documents = Documents::parse(text).unwrap();
        let root = &documents.roots[0];
        let b = documents.get(root, "b").unwrap();
        let text = |node: &Node, key: &str| documents.get(node, key).and_then(Node::text).map(str::to_owned);
        assert_eq!((text(b, "n"), text(b, "m")), (Some("1".to_owned()), Some("three\nlines\n".to_owned())));
        let c = documents.items(documents.get(root, "c"));
        assert_eq!((b.line, c.len(), text(&c[0], "m")), (3, 3, Some("two".to_owned())));
        assert!(c[1].is_null() && c[2].is_empty() && documents.get(root, "d").is_none() && root.text().is_none());
        // Many aliases of aliases cost nothing.
        let line = |at: usize| format!("a{at}: &a{at} [{}]\n", format!("*a{}, ", at - 1).repeat(9));
        let many = (1..30).fold("a0: &a0 x\n".to_owned(), |all, at| all + &line(at));
        assert!(Documents::parse(&many).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_makes_the_reader_panic(text in ".*") {
            let _read = Documents::parse(&text);
        }
    }
}
