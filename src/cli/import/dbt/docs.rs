//! The texts of `{% docs name %}` blocks, and descriptions that refer to them by `{{ doc("name") }}`.

use std::collections::HashMap;

/// The blocks of a project, by name.
#[derive(Debug, Default)]
pub struct Docs(HashMap<String, String>);

/// Why a description has no text.
#[derive(Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// It refers to a block that no file has.
    NoBlock(String),
    /// It has other Jinja, which only dbt can evaluate.
    Jinja,
}

impl Docs {
    /// Adds the blocks of a Markdown file. The first block of a name stays.
    pub fn add(&mut self, markdown: &str) {
        let mut rest = markdown;
        while let Some((tag, after)) = next_tag(rest, "{%", "%}") {
            rest = after;
            let Some(name) = tag.strip_prefix("docs ").map(str::trim).filter(|name| is_name(name)) else { continue };
            let mut body = after;
            let mut length = 0;
            let end = loop {
                let Some(at) = body.find("{%") else { break None };
                let Some((tag, after)) = next_tag(&body[at..], "{%", "%}") else { break None };
                if tag == "enddocs" {
                    break Some((length + at, after));
                }
                length += body.len() - after.len();
                body = after;
            };
            let Some((length, after)) = end else { return };
            self.0.entry(name.to_owned()).or_insert_with(|| rest[..length].trim().to_owned());
            rest = after;
        }
    }

    /// Returns a description with the blocks that it refers to.
    ///
    /// # Errors
    /// Returns why it has no text.
    pub fn resolve(&self, description: &str) -> Result<String, Unresolved> {
        let mut text = String::new();
        let mut rest = description;
        while let Some(at) = rest.find("{{") {
            text.push_str(&rest[..at]);
            let (tag, after) = next_tag(&rest[at..], "{{", "}}").ok_or(Unresolved::Jinja)?;
            let name = doc_name(tag).ok_or(Unresolved::Jinja)?;
            text.push_str(self.0.get(name).ok_or_else(|| Unresolved::NoBlock(name.to_owned()))?);
            rest = after;
        }
        text.push_str(rest);
        // What a block holds is text. What the description itself holds is evaluated by dbt.
        if description.contains("{%") || description.contains("{#") {
            return Err(Unresolved::Jinja);
        }
        Ok(text)
    }
}

/// Returns what the next tag holds, and the text after it.
fn next_tag<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let (_, from) = text.split_once(open)?;
    let (tag, after) = from.split_once(close)?;
    let tag = tag.strip_prefix(['-', '+']).unwrap_or(tag);
    Some((tag.strip_suffix(['-', '+']).unwrap_or(tag).trim(), after))
}

/// The block that `doc("name")` or `doc("package", "name")` names.
fn doc_name(tag: &str) -> Option<&str> {
    let inside = tag.strip_prefix("doc")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let last = inside.rsplit(',').next()?.trim();
    let name = ['"', '\''].iter().find_map(|quote| last.strip_prefix(*quote)?.strip_suffix(*quote))?;
    is_name(name).then_some(name)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn docs() -> Docs {
        let mut docs = Docs::default();
        docs.add(
            "# Title\n{% docs one %}\nThe *first*.\n{% enddocs %}\n{%- docs two -%} a {% raw %}b{% endraw %} c \
             {%- enddocs -%}",
        );
        docs.add("{% docs one %}Another{% enddocs %} {% docs open %} never closed");
        docs
    }

    #[test]
    fn blocks_are_resolved() {
        let docs = docs();
        let resolved = |text: &str| docs.resolve(text).unwrap();
        assert_eq!(resolved("{{ doc('one') }}"), "The *first*.");
        assert_eq!(resolved("See {{doc(\"one\")}}!"), "See The *first*.!");
        assert_eq!(resolved("{{ doc('pkg', 'two') }}"), "a {% raw %}b{% endraw %} c");
        assert_eq!(resolved("plain { text } of 100 %"), "plain { text } of 100 %");
    }

    #[test]
    fn other_jinja_is_refused() {
        let docs = docs();
        assert_eq!(docs.resolve("{{ doc('open') }}"), Err(Unresolved::NoBlock("open".to_owned())));
        for text in [
            "{{ var('x') }}",
            "{{ doc(x) }}",
            "{{ open",
            "{% if a %}b{% endif %}",
            "{# c #}",
            "{{ doc('one') | upper }}",
        ] {
            assert_eq!(docs.resolve(text), Err(Unresolved::Jinja), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_the_reader_panic(text in "([{}%#\"'()a-c -]|doc|docs|enddocs){0,60}") {
            let mut docs = Docs::default();
            docs.add(&text);
            let _resolved = docs.resolve(&text);
        }
    }
}
