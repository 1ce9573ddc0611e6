//! SCOPE, the way in which the command line names what a run covers: `profile[/database]:schema.table.column`.
//!
//! The rule: every part after the profile is optional, and a missing part includes everything below. A part with a dot,
//! space, colon, slash, comma or double quote stands in double quotes, in which `""` is a double quote; this is how
//! [`AssetPath`](crate::domain::asset::AssetPath) is displayed, so that a name can be copied from any output.

use std::{fmt, iter::Peekable, str::Chars};

use serde_json::{Map, Value, json};

use super::CliError;
use crate::domain::asset::quote_part;

/// How to write a scope, for error messages.
const HINT: &str = "write it as in shop:public.orders, or shop/db:public.orders.status";

/// One scope of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The name of the DB profile.
    pub profile: String,
    /// The database, if the profile reaches several.
    pub database: Option<String>,
    /// The schema, table and column, as many as are given.
    pub path: Vec<String>,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote_part(&self.profile))?;
        if let Some(database) = &self.database {
            write!(f, "/{}", quote_part(database))?;
        }
        if self.path.is_empty() {
            return Ok(());
        }
        write!(f, ":{}", self.path.iter().map(|part| quote_part(part)).collect::<Vec<_>>().join("."))
    }
}

/// What scopes without a profile are in: `public.users`, `public`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The name of the DB profile.
    pub profile: String,
    /// The database, if the profile reaches several.
    pub database: Option<String>,
    /// The names of all DB profiles. A scope that is one of them is not completed.
    pub profiles: Vec<String>,
}

/// Reads scopes that are separated by spaces.
///
/// # Errors
/// Returns [`CliError::Usage`] with the scope that cannot be read.
pub fn parse(text: &str) -> Result<Vec<Scope>, CliError> {
    parse_in(text, None)
}

/// Reads scopes that are separated by spaces. Those that name no profile are in the current one.
///
/// # Errors
/// Returns [`CliError::Usage`] with the scope that cannot be read.
pub fn parse_in(text: &str, current: Option<&Current>) -> Result<Vec<Scope>, CliError> {
    let mut reader = Reader { text, rest: text.chars().peekable(), current };
    let mut scopes = Vec::new();
    loop {
        while reader.rest.next_if(|c| c.is_whitespace()).is_some() {}
        if reader.rest.peek().is_none() {
            break;
        }
        scopes.push(reader.scope()?);
    }
    if scopes.is_empty() {
        return Err(CliError::Usage(format!("the scope is empty; {HINT}")));
    }
    Ok(scopes)
}

struct Reader<'a> {
    text: &'a str,
    rest: Peekable<Chars<'a>>,
    current: Option<&'a Current>,
}

impl Reader<'_> {
    fn scope(&mut self) -> Result<Scope, CliError> {
        let first = self.part("profile")?;
        let ends = self.rest.peek().is_none_or(|c| c.is_whitespace());
        let is_path = |current: &&Current| self.rest.peek() == Some(&'.') || ends && !current.profiles.contains(&first);
        if let Some(current) = self.current.filter(is_path) {
            let (profile, database) = (current.profile.clone(), current.database.clone());
            return self.rest_of(Scope { profile, database, path: vec![first] });
        }
        let database = self.after('/').then(|| self.part("database")).transpose()?;
        let mut path = Vec::new();
        if self.after(':') && self.rest.peek().is_some_and(|c| !c.is_whitespace()) {
            path.push(self.part("schema")?);
        }
        self.rest_of(Scope { profile: first, database, path })
    }

    /// Reads the table and the column of a scope with a schema, and its end.
    fn rest_of(&mut self, mut scope: Scope) -> Result<Scope, CliError> {
        let path = &mut scope.path;
        for level in ["table", "column"] {
            if path.is_empty() || !self.after('.') {
                break;
            }
            path.push(self.part(level)?);
        }
        match self.rest.peek().copied() {
            None => Ok(scope),
            Some(c) if c.is_whitespace() => Ok(scope),
            Some('.') if path.is_empty() => Err(self.wrong("names no profile before the schema")),
            Some('.') => Err(self.wrong("has more parts than schema, table and column")),
            Some(',') => Err(self.wrong("has a comma: separate scopes with spaces")),
            Some(c) => {
                Err(self.wrong(&format!("has an unexpected {c:?}: put names with such a sign in double quotes")))
            }
        }
    }

    fn after(&mut self, sign: char) -> bool {
        self.rest.next_if_eq(&sign).is_some()
    }

    fn part(&mut self, level: &str) -> Result<String, CliError> {
        let mut part = String::new();
        if self.after('"') {
            loop {
                match self.rest.next() {
                    Some('"') if !self.after('"') => break,
                    Some(c) => part.push(c),
                    None => return Err(self.wrong("has a double quote that is never closed")),
                }
            }
        } else {
            let ends = |c: &char| c.is_whitespace() || matches!(c, '.' | ':' | '/' | '"' | ',');
            while let Some(c) = self.rest.next_if(|c| !ends(c)) {
                part.push(c);
            }
        }
        if part.is_empty() {
            return Err(self.wrong(&format!("names no {level} where one is expected")));
        }
        Ok(part)
    }

    fn wrong(&self, what: &str) -> CliError {
        CliError::Usage(format!("the scope {:?} {what}; {HINT}", self.text))
    }
}

/// One target of a run: a profile, a database and the parts of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The name of the DB profile.
    pub profile: String,
    /// The database.
    pub database: Option<String>,
    paths: Vec<Vec<String>>,
}

/// Joins the scopes of the same database, in the order of their first mention.
#[must_use]
pub fn targets(scopes: Vec<Scope>) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for Scope { profile, database, path } in scopes {
        match targets.iter_mut().find(|known| known.profile == profile && known.database == database) {
            Some(known) => known.paths.push(path),
            None => targets.push(Target { profile, database, paths: vec![path] }),
        }
    }
    targets
}

impl Target {
    /// The target's `schemas`, as in `TargetInput`. What a wider part includes is left out.
    #[must_use]
    pub fn schemas(&self) -> Value {
        let mut kept: Vec<&[String]> = Vec::new();
        for path in &self.paths {
            if !self.paths.iter().any(|other| other.len() < path.len() && path.starts_with(other)) {
                kept.push(path);
            }
        }
        if kept.iter().any(|path| path.is_empty()) {
            return Value::Null;
        }
        let below = |kept: &[&[String]], field: &str| -> Value {
            let lists = grouped(kept).into_iter().map(|(name, below)| {
                let mut entry = Map::from_iter([("name".to_owned(), json!(name))]);
                if !below.is_empty() {
                    let names: Vec<&String> = below.iter().filter_map(|path| path.first()).collect();
                    entry.insert(field.to_owned(), json!(names));
                }
                Value::Object(entry)
            });
            lists.collect()
        };
        let schemas = grouped(&kept).into_iter().map(|(name, tables)| {
            let tables = if tables.is_empty() { Value::Null } else { below(&tables, "columns") };
            json!({ "name": name, "tables": tables })
        });
        schemas.collect()
    }
}

/// Groups paths by their first part, with what follows it. Equal paths count once.
fn grouped<'a>(paths: &[&'a [String]]) -> Vec<(&'a String, Vec<&'a [String]>)> {
    let mut groups: Vec<(&String, Vec<&[String]>)> = Vec::new();
    for (name, below) in paths.iter().filter_map(|path| path.split_first()) {
        let at = groups.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        if !below.is_empty() && !groups[at].1.contains(&below) {
            groups[at].1.push(below);
        }
    }
    groups
}

/// A scope as a person types it into a shell: in single quotes if the shell would read it differently.
#[must_use]
pub fn in_shell(scope: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-:/@".contains(c);
    if scope.chars().all(is_plain) { scope.to_owned() } else { format!("'{}'", scope.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(profile: &str, database: Option<&str>, path: &[&str]) -> Scope {
        Scope {
            profile: profile.to_owned(),
            database: database.map(str::to_owned),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
        }
    }

    #[test]
    fn scopes_are_read() {
        let cases = [
            ("demo", vec![scope("demo", None, &[])]),
            ("demo:", vec![scope("demo", None, &[])]),
            ("demo:main", vec![scope("demo", None, &["main"])]),
            ("pg/shop:public.users", vec![scope("pg", Some("shop"), &["public", "users"])]),
            ("pg/shop", vec![scope("pg", Some("shop"), &[])]),
            (
                "demo:main.orders.status  b:c",
                vec![scope("demo", None, &["main", "orders", "status"]), scope("b", None, &["c"])],
            ),
            (
                "\"my pg\"/\"a/b\":\"x.y\".\"say \"\"hi\"\"\".c",
                vec![scope("my pg", Some("a/b"), &["x.y", "say \"hi\"", "c"])],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_scope_is_explained() {
        for (text, word) in [
            ("", "empty"),
            ("  ", "empty"),
            (":main", "no profile"),
            ("public.users", "no profile"),
            ("demo:main..x", "no table"),
            ("demo/:main", "no database"),
            ("demo:a.b.c.d", "more parts"),
            ("demo:a, demo:b", "comma"),
            ("demo:\"a", "never closed"),
            ("demo:a:b", "':'"),
            ("demo:\"\"", "no schema"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("shop:public.orders"), "{text}: {error}");
        }
    }

    #[test]
    fn scopes_without_a_profile_are_in_the_current_one() {
        let profiles = vec!["pg".to_owned(), "demo".to_owned()];
        let current = Current { profile: "pg".to_owned(), database: Some("shop".to_owned()), profiles };
        let pg = |path: &[&str]| scope("pg", Some("shop"), path);
        let cases = [
            ("public.users", vec![pg(&["public", "users"])]),
            ("public.users.email", vec![pg(&["public", "users", "email"])]),
            ("public demo", vec![pg(&["public"]), scope("demo", None, &[])]),
            ("\"odd.name\"", vec![pg(&["odd.name"])]),
            ("demo:main.t", vec![scope("demo", None, &["main", "t"])]),
            ("other/x:s", vec![scope("other", Some("x"), &["s"])]),
            // A schema that has the name of a profile.
            ("demo.orders", vec![pg(&["demo", "orders"])]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_in(text, Some(&current)).unwrap(), expected, "{text}");
        }
        assert!(parse_in("a.b.c.d", Some(&current)).unwrap_err().to_string().contains("more parts"));
    }

    #[test]
    fn scopes_of_one_database_become_one_target() {
        let joined = targets(parse("a:s.t.c a:s.t.d b a/x:s a:s.t.c a:r a:r.t a:s.u").unwrap());
        let names: Vec<_> = joined.iter().map(|target| (target.profile.as_str(), target.database.as_deref())).collect();
        assert_eq!(names, [("a", None), ("b", None), ("a", Some("x"))]);
        assert_eq!(
            joined[0].schemas(),
            json!([
                { "name": "s", "tables": [{ "name": "t", "columns": ["c", "d"] }, { "name": "u" }] },
                { "name": "r", "tables": null },
            ])
        );
        assert_eq!(joined[1].schemas(), Value::Null);
        assert_eq!(targets(parse("a:s.t a").unwrap())[0].schemas(), Value::Null);
        let table = targets(parse("a:s.t.c a:s.t").unwrap());
        assert_eq!(table[0].schemas(), json!([{ "name": "s", "tables": [{ "name": "t" }] }]));
    }

    proptest! {
        #[test]
        fn every_name_can_be_quoted(
            profile in ".+", database in proptest::option::of(".+"), path in prop::collection::vec(".+", 0..=3),
        ) {
            let scope = Scope { profile, database, path };
            prop_assert_eq!(parse(&format!("{scope} {scope}")).unwrap(), vec![scope.clone(), scope]);
        }

        #[test]
        fn nothing_makes_the_reader_panic(text in ".*") {
            let _read = parse(&text);
        }
    }
}
