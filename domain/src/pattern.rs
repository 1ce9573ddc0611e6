//! Patterns for the tables that a run excludes.
//!
//! The rule: a pattern is `table` or `schema.table`. `*` matches any number of characters and `?` matches one. Letter
//! case matters, as everywhere in a scope. A part in double quotes is taken literally, with `""` for a double quote:
//! `"a.b"` is a table whose name contains a dot. A pattern is parsed once. Matching takes at most the product of the
//! lengths of the pattern and the name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Error, Result};

/// Maximum number of patterns in one list.
pub const MAX_PATTERNS: usize = 200;
/// Maximum length of a pattern, in characters.
pub const MAX_LENGTH: usize = 500;

/// A pattern for tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TablePattern {
    text: String,
    schema: Option<Vec<Token>>,
    table: Vec<Token>,
}

/// One element of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// This character.
    Literal(char),
    /// Any one character.
    One,
    /// Any number of characters.
    Any,
}

/// Why a text is not a valid pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern or one of its parts is empty.
    #[error("it has an empty part; write `table` or `schema.table`, where `*` matches any characters")]
    Empty,
    /// The pattern has more parts than schema and table.
    #[error(
        "it has more than two parts; write `table` or `schema.table`, and put a name that contains a dot in double \
         quotes"
    )]
    TooManyParts,
    /// A double quote is never closed.
    #[error("a double quote is not closed; close it, or write \"\" for a double quote within a name")]
    Unclosed,
    /// The pattern is too long.
    #[error("it has more than {MAX_LENGTH} characters; shorten it with `*`")]
    TooLong,
}

impl FromStr for TablePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let text = text.trim();
        if text.chars().count() > MAX_LENGTH {
            return Err(PatternError::TooLong);
        }
        let mut parts = vec![Vec::new()];
        let mut characters = text.chars().peekable();
        let mut quoted = false;
        while let Some(character) = characters.next() {
            let token = match character {
                '"' if quoted && characters.next_if_eq(&'"').is_some() => Token::Literal('"'),
                '"' => {
                    quoted = !quoted;
                    continue;
                }
                _ if quoted => Token::Literal(character),
                '.' => {
                    parts.push(Vec::new());
                    continue;
                }
                '*' => Token::Any,
                '?' => Token::One,
                other => Token::Literal(other),
            };
            if let Some(part) = parts.last_mut() {
                part.push(token);
            }
        }
        if quoted {
            return Err(PatternError::Unclosed);
        }
        if parts.iter().any(Vec::is_empty) {
            return Err(PatternError::Empty);
        }
        let table = parts.pop().ok_or(PatternError::Empty)?;
        let schema = parts.pop();
        if !parts.is_empty() {
            return Err(PatternError::TooManyParts);
        }
        Ok(Self { text: text.to_owned(), schema, table })
    }
}

impl TryFrom<String> for TablePattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<TablePattern> for String {
    fn from(pattern: TablePattern) -> Self {
        pattern.text
    }
}

impl fmt::Display for TablePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl TablePattern {
    /// Returns whether the pattern matches a table.
    #[must_use]
    pub fn matches(&self, schema: &str, table: &str) -> bool {
        self.schema.as_ref().is_none_or(|pattern| fits(pattern, schema)) && fits(&self.table, table)
    }
}

/// Parses a list of patterns and removes duplicates. `argument` is the list's path.
///
/// # Errors
/// Returns `BadInput` with the path of the invalid pattern, or of the list if it has more than [`MAX_PATTERNS`]
/// patterns.
pub fn patterns(texts: &[String], argument: &str) -> Result<Vec<TablePattern>> {
    if texts.len() > MAX_PATTERNS {
        let message = format!("{} patterns were given; pass at most {MAX_PATTERNS}", texts.len());
        return Err(Error::bad_input(argument, message));
    }
    let mut patterns: Vec<TablePattern> = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let pattern: TablePattern = text.parse().map_err(|error| {
            Error::bad_input(format!("{argument}.{at}"), format!("{text:?} is not a valid table pattern: {error}"))
        })?;
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

/// Returns whether the pattern matches the whole name. After a mismatch, only the last `*` takes one more character, so
/// the time is at most the product of both lengths.
fn fits(pattern: &[Token], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut token, mut character) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while character < name.len() {
        match pattern.get(token) {
            Some(Token::Any) => {
                last_any = Some((token, character));
                token += 1;
            }
            Some(Token::One) => {
                token += 1;
                character += 1;
            }
            Some(Token::Literal(literal)) if *literal == name[character] => {
                token += 1;
                character += 1;
            }
            _ => {
                let Some((any, consumed)) = last_any else { return false };
                last_any = Some((any, consumed + 1));
                token = any + 1;
                character = consumed + 1;
            }
        }
    }
    pattern[token..].iter().all(|token| *token == Token::Any)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_by_pattern() {
        let cases = [
            ("*_bak", "public", "users_bak", true),
            ("*_bak", "public", "users_bak2", false),
            ("*_bak", "public", "_bak", true),
            ("*_bak", "public", "users_BAK", false),
            ("tmp*", "any", "tmp", true),
            ("staging.*", "staging", "users", true),
            ("staging.*", "public", "staging", false),
            ("stag?ng.u*s", "staging", "users", true),
            ("*.users", "x", "users", true),
            ("*", "public", "a.b", true),
            ("us?rs", "public", "users", true),
            ("us?rs", "public", "usrs", false),
            ("us?rs", "public", "usérs", true),
            ("\"a.b\"", "public", "a.b", true),
            ("a.b", "public", "a.b", false),
            ("a.b", "a", "b", true),
            ("\"*\"", "public", "x", false),
            ("\"*\"", "public", "*", true),
            ("\"say \"\"hi\"\"\"", "public", "say \"hi\"", true),
            ("\"my schema\".t*", "my schema", "t1", true),
            ("2024_*_*_raw", "p", "2024_01_02_raw", true),
            ("  users  ", "p", "users", true),
            ("%_bak", "p", "users_bak", false),
        ];
        for (pattern, schema, table, wanted) in cases {
            let parsed: TablePattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(schema, table), wanted, "{pattern} over {schema}.{table}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, wanted) in [
            ("", PatternError::Empty),
            ("  ", PatternError::Empty),
            (".t", PatternError::Empty),
            ("s.", PatternError::Empty),
            ("s..t", PatternError::Empty),
            ("\"\"", PatternError::Empty),
            ("d.s.t", PatternError::TooManyParts),
            ("\"s.t", PatternError::Unclosed),
        ] {
            assert_eq!(text.parse::<TablePattern>(), Err(wanted), "{text}");
        }
        assert_eq!("x".repeat(MAX_LENGTH + 1).parse::<TablePattern>(), Err(PatternError::TooLong));
        let error = patterns(&["ok".to_owned(), "a.b.c".to_owned()], "input.exclude").unwrap_err();
        assert!(matches!(error, Error::BadInput { argument, .. } if argument == "input.exclude.1"));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern: TablePattern = "*a".repeat(200).parse().unwrap();
        assert!(!pattern.matches("s", &"a".repeat(199)));
        assert!(pattern.matches("s", &"a".repeat(5_000)));
    }

    /// The textbook definition, which takes exponential time.
    fn by_definition(pattern: &[Token], name: &[char]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::Any, after)), rest) => {
                by_definition(after, name) || rest.is_some_and(|(_, rest)| by_definition(pattern, rest))
            }
            (Some(_), None) => false,
            (Some((token, after)), Some((character, rest))) => {
                (*token == Token::One || *token == Token::Literal(*character)) && by_definition(after, rest)
            }
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_is_the_plain_one(pattern in "[ab?*]{1,8}", name in "[ab]{0,8}") {
            let parsed: TablePattern = pattern.parse().unwrap();
            let characters: Vec<char> = name.chars().collect();
            prop_assert_eq!(parsed.matches("s", &name), by_definition(&parsed.table, &characters));
        }

        #[test]
        fn a_pattern_survives_its_text(pattern in "\\PC{0,12}") {
            if let Ok(parsed) = pattern.parse::<TablePattern>() {
                prop_assert_eq!(&parsed.to_string().parse::<TablePattern>().unwrap(), &parsed);
            }
        }
    }
}
