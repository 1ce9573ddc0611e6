//! Finds the assets that an answer cites.
//!
//! The rule: only what a tool returned can be cited. A path in square brackets or back quotes that no tool returned
//! counts as invented and is reported separately.

use std::collections::BTreeSet;

use serde_json::Value;

/// The fields of a tool's result that contain paths.
const PATHS: &[&str] = &["path", "table", "column", "to", "references"];
/// Minimum length of a table's bare name to count as a citation, in characters.
const NAME_FROM: usize = 4;

/// Returns the paths in the results of tools.
pub fn seen<'a>(results: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for result in results {
        collect(&serde_json::from_str(result).unwrap_or_default(), &mut seen);
    }
    seen
}

fn collect(value: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if PATHS.contains(&key.as_str()) => {
                        seen.insert(text.clone());
                    }
                    other => collect(other, seen),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, seen)),
        _ => {}
    }
}

/// The assets that an answer names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Paths that tools returned, in the order of the answer.
    pub seen: Vec<String>,
    /// Texts that look like paths but were not returned by a tool.
    pub invented: Vec<String>,
}

/// Returns what an answer names: marked paths and spelled-out paths or, without any, bare names of tables.
pub fn named(answer: &str, seen: &BTreeSet<String>) -> Named {
    let mut places: Vec<(usize, &String)> = Vec::new();
    let mut invented: Vec<String> = Vec::new();
    for (at, marked) in marked(answer) {
        let plain = marked.trim().trim_matches('`');
        match seen.iter().find(|path| path.eq_ignore_ascii_case(plain)) {
            Some(path) => places.push((at, path)),
            None if looks_like_a_path(plain) && !invented.iter().any(|known| known == plain) => {
                invented.push(plain.to_owned());
            }
            None => {}
        }
    }
    for path in seen.iter().filter(|path| path.contains('.')) {
        places.extend(word_at(answer, path).map(|at| (at, path)));
    }
    if places.is_empty() {
        for path in seen {
            let bare = path.rsplit('.').next().unwrap_or(path).trim_matches('"');
            let of_table = path.split('.').count() == 2;
            if of_table && bare.chars().count() >= NAME_FROM {
                places.extend(word_at(answer, bare).map(|at| (at, path)));
            }
        }
    }
    places.sort();
    let mut names: Vec<String> = Vec::new();
    for (_, path) in places {
        if !names.contains(path) {
            names.push(path.clone());
        }
    }
    Named { seen: names, invented }
}

/// Returns the texts in square brackets or back quotes, with their byte offsets.
fn marked(answer: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (open, close) in [('[', ']'), ('`', '`')] {
        let mut from = 0;
        while let Some(start) = answer[from..].find(open).map(|at| from + at + 1) {
            let Some(end) = answer[start..].find(close).map(|at| start + at) else { break };
            found.push((start, &answer[start..end]));
            from = end + 1;
        }
    }
    found
}

/// Returns whether a text looks like `main.orders.id`: two to four names separated by dots, without spaces.
fn looks_like_a_path(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let name = |part: &&str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '"' | '$' | ':' | '-'))
            && part.contains(char::is_alphabetic)
    };
    (2..=4).contains(&parts.len()) && parts.iter().all(name)
}

/// Returns the byte offset at which a name occurs as a separate word.
fn word_at(text: &str, name: &str) -> Option<usize> {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let after = &text[at + name.len()..];
        // A dot followed by a letter continues a path; a dot alone ends a sentence.
        let goes_on = after.strip_prefix('.').is_some_and(|rest| inside(rest.chars().next()));
        !inside(text[..*at].chars().next_back()) && !inside(after.chars().next()) && !goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_seen_is_cited() {
        let results =
            [r#"{"assets":[{"path":"main.Customer.Email","table":"main.Customer","comment":"main.Secret"}]}"#];
        let seen = seen(results.into_iter());
        assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), ["main.Customer", "main.Customer.Email"]);
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("It is in [main.Customer.Email].", &["main.Customer.Email"], &[]),
            ("See `MAIN.customer`, and [main.Ghost.id].", &["main.Customer"], &["main.Ghost.id"]),
            ("main.Customer.Email, of main.Customer.", &["main.Customer.Email", "main.Customer"], &[]),
            ("The Customer table.", &["main.Customer"], &[]),
            ("Nothing [see above] (e.g. `x`). main.Secret", &[], &[]),
        ];
        for (answer, cited, invented) in cases {
            let found = named(answer, &seen);
            assert_eq!((found.seen, found.invented), (cited.map_owned(), invented.map_owned()), "{answer}");
        }
    }

    trait MapOwned {
        fn map_owned(&self) -> Vec<String>;
    }

    impl MapOwned for &[&str] {
        fn map_owned(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }
}
