//! The properties files of dbt: how names and descriptions are stated in YAML, so that dbt reads exactly these texts.
//!
//! The rules: dbt parses a file as YAML 1.1 and then renders each name and description as a Jinja template. A text is
//! therefore escaped for Jinja first and for YAML second. Tables that dbt reads are stated as sources.

use std::{borrow::Cow, fmt::Write as _};

/// The first key of a properties file.
pub const VERSION: &str = "version: 2\n";

/// The key of a file that lists the sources.
pub const SOURCES: &str = "sources";

/// A source, a table or a column, as an item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The schema of a source that has another name.
    pub schema: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The tables of a source or the columns of a table.
    pub entries: Vec<Entry>,
    /// What the entry is.
    pub level: Level,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// A schema of the warehouse.
    Source,
    /// A table of a source, or a model.
    Table,
    /// A column.
    #[default]
    Column,
}

impl Level {
    /// The key of the list that an entry of this level has.
    #[must_use]
    pub const fn list(self) -> Option<&'static str> {
        match self {
            Self::Source => Some("tables"),
            Self::Table => Some("columns"),
            Self::Column => None,
        }
    }
}

impl Entry {
    /// Returns the entry without the entries below it.
    #[must_use]
    pub fn new(level: Level, name: &str, description: Option<&str>) -> Self {
        Self { name: name.to_owned(), description: description.map(str::to_owned), level, ..Self::default() }
    }

    /// Returns the keys of the entry and their templates, without its list.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let keys = [("name", Some(&self.name)), ("schema", self.schema.as_ref())];
        let keys = keys.into_iter().chain([(DESCRIPTION, self.description.as_ref())]);
        keys.filter_map(|(key, text)| Some((key, template(text?))))
    }

    /// Returns the number of descriptions in the entry and below it.
    #[must_use]
    pub fn descriptions(&self) -> usize {
        usize::from(self.description.is_some()) + self.entries.iter().map(Self::descriptions).sum::<usize>()
    }

    /// Returns the entry as an item of a list in block style, whose dash stands in this column.
    #[must_use]
    pub fn block(&self, column: usize) -> String {
        let mut text = String::new();
        self.write_block(column, &mut text);
        text
    }

    fn write_block(&self, column: usize, text: &mut String) {
        // Writing to a string does not fail.
        for (at, (key, value)) in self.keys().enumerate() {
            let dash = if at == 0 { "- " } else { "  " };
            let value = if key == DESCRIPTION { block_text(&value, column + 4) } else { Cow::Owned(word(&value)) };
            let _ = writeln!(text, "{:column$}{dash}{key}: {value}", "");
        }
        if let Some(list) = self.level.list().filter(|_| !self.entries.is_empty()) {
            let _ = writeln!(text, "{:column$}  {list}:", "");
            self.entries.iter().for_each(|entry| entry.write_block(column + 4, text));
        }
    }

    /// Returns the entry in flow style.
    #[must_use]
    pub fn flow(&self) -> String {
        let mut keys: Vec<String> = self
            .keys()
            .map(|(key, value)| format!("{key}: {}", if key == DESCRIPTION { quoted(&value) } else { word(&value) }))
            .collect();
        if let Some(list) = self.level.list().filter(|_| !self.entries.is_empty()) {
            let entries: Vec<String> = self.entries.iter().map(Self::flow).collect();
            keys.push(format!("{list}: [{}]", entries.join(", ")));
        }
        format!("{{{}}}", keys.join(", "))
    }
}

/// The key of a description.
pub const DESCRIPTION: &str = "description";

/// Returns the Jinja template that renders this text.
#[must_use]
pub fn template(text: &str) -> Cow<'_, str> {
    const BRACES: [&str; 6] = ["{{", "{%", "{#", "}}", "%}", "#}"];
    if !BRACES.iter().any(|brace| text.contains(brace)) {
        // dbt renders only texts that contain one of these.
        return Cow::Borrowed(text);
    }
    // Jinja replaces carriage returns, except in the escapes of a string.
    if !text.contains('\r') && !text.contains("endraw") {
        return Cow::Owned(format!("{{% raw %}}{text}{{% endraw %}}"));
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
    Cow::Owned(format!("{{{{ \"{text}\" }}}}"))
}

/// Returns a value in double quotes, on one line.
#[must_use]
pub fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                text.push('\\');
                text.push(c);
            }
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // Writing to a string does not fail.
            c if !is_printable(c) => {
                let _ = write!(text, "\\U{:08X}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Returns whether a character stands for itself in double quotes, for all parsers. Others refuse it, read it as the
/// end of a line, or do not show it.
fn is_printable(c: char) -> bool {
    !super::text::is_unseen(c) && !matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF)
}

/// Returns a name, in quotes unless it is a plain word.
fn word(value: &str) -> String {
    const RESERVED: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&value.to_ascii_lowercase().as_str());
    if is_plain { value.to_owned() } else { quoted(value) }
}

/// Returns a value in block style: a text of several lines as such, indented by this number of spaces.
#[must_use]
pub fn block_text(value: &str, indent: usize) -> Cow<'static, str> {
    let has_lines = value.contains('\n') && value.chars().all(|c| c == '\n' || is_printable(c));
    let is_calm = |line: &str| !line.ends_with(' ');
    if !has_lines || value.starts_with([' ', '\n']) || value.ends_with('\n') || !value.split('\n').all(is_calm) {
        return Cow::Owned(quoted(value));
    }
    value.split('\n').fold(Cow::Borrowed("|-"), |text, line| {
        let indent = if line.is_empty() { 0 } else { indent };
        Cow::Owned(format!("{text}\n{:indent$}{line}", ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_for_jinja_and_for_yaml() {
        let cases = [
            ("One row: an order", "One row: an order", r#""One row: an order""#),
            ("a {{ b }}", "{% raw %}a {{ b }}{% endraw %}", r#""{% raw %}a {{ b }}{% endraw %}""#),
            ("{% endraw %}", "{{ \"{% endraw %}\" }}", r#""{{ \"{% endraw %}\" }}""#),
            ("a\r\n{#", "{{ \"a\\r\\n{#\" }}", r#""{{ \"a\\r\\n{#\" }}""#),
            ("\u{7}\u{202E}🙂", "\u{7}\u{202E}🙂", r#""\U00000007\U0000202E🙂""#),
        ];
        for (text, rendered, yaml) in cases {
            assert_eq!(template(text), rendered);
            assert_eq!(quoted(&template(text)), yaml);
        }
        for (name, written) in [("users", "users"), ("No", "\"No\""), ("1a", "\"1a\""), ("a b", "\"a b\"")] {
            assert_eq!(word(name), written);
        }
    }

    #[test]
    fn entries_are_items_of_a_list() {
        let mut table = Entry::new(Level::Table, "orders", Some("One row for each order.\n\nNo tests."));
        table.entries.push(Entry::new(Level::Column, "id", None));
        table.entries.push(Entry::new(Level::Column, "on", Some(" When")));
        let block = "  - name: orders
    description: |-
      One row for each order.

      No tests.
    columns:
      - name: id
      - name: \"on\"
        description: \" When\"
";
        assert_eq!(table.block(2), block);
        let flow = r#"{name: orders, description: "One row for each order.\n\nNo tests.", "#.to_owned()
            + r#"columns: [{name: id}, {name: "on", description: " When"}]}"#;
        assert_eq!(table.flow(), flow);
    }
}
