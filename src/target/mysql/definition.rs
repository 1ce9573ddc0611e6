//! A minimal parser for `SHOW CREATE TABLE`, just enough to change comments.
//!
//! The rule: the text passes through unchanged. The parser understands quotes, parentheses and commas, and at the top
//! level of a column the words `COMMENT`, `CHECK` and `DEFAULT`; the rest of a column is written back as the server
//! showed it. The session's `sql_mode` must allow backslash escapes, and names must be in backticks.

use super::super::quote::{backtick, mysql_text};

/// A table's definition.
pub(super) struct Definition<'a> {
    text: &'a str,
    /// Byte ranges of the parts between the outer parentheses: columns first, then keys.
    parts: Vec<(usize, usize)>,
    /// Byte offset of the table options, after the outer parentheses.
    options: usize,
}

/// The text that MariaDB shows for the type JSON, apart from the check at the column's end.
const JSON_SHOWN: &str = " longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/// The definition of one column.
pub(super) struct ColumnDefinition<'a> {
    /// The name in backticks.
    name: &'a str,
    /// The text from the name to the position of the comment, present or not.
    head: &'a str,
    /// The text after the comment.
    tail: &'a str,
    /// The unescaped text of the literal after `DEFAULT`, if there is one.
    pub(super) default: Option<String>,
    /// The first word of the type.
    data_type: &'a str,
    /// The byte range within the table's definition.
    place: (usize, usize),
}

impl ColumnDefinition<'_> {
    /// Returns whether the column's values are bytes.
    pub(super) fn is_binary(&self) -> bool {
        let data_type = self.data_type.to_ascii_lowercase();
        data_type.ends_with("binary") || data_type.ends_with("blob")
    }

    /// Returns the column's definition with this comment.
    ///
    /// MariaDB shows a JSON column as a text column with a check, and would treat that as a change of type. The type
    /// is therefore written as JSON again, with the same check.
    pub(super) fn with_comment(&self, text: Option<&str>) -> String {
        let shown = self.shown_with_comment(text);
        match shown.strip_prefix(self.name).and_then(|rest| rest.strip_prefix(JSON_SHOWN)) {
            Some(rest) if self.tail.trim() == format!("CHECK (json_valid({}))", self.name) => {
                format!("{} json{rest}", self.name)
            }
            _ => shown,
        }
    }

    /// Returns the column's definition with this comment, as the server would show it.
    fn shown_with_comment(&self, text: Option<&str>) -> String {
        let comment = text.map(|text| format!(" COMMENT {}", mysql_text(text))).unwrap_or_default();
        format!("{}{comment}{}", self.head, self.tail)
    }
}

impl<'a> Definition<'a> {
    /// Parses a definition. Returns `None` if the text is not a table's definition.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut depth = 0_usize;
        let mut start = 0;
        for token in tokens(text) {
            let (at, end) = token;
            match &text[at..end] {
                "(" => {
                    depth += 1;
                    if depth == 1 {
                        start = end;
                    }
                }
                "," if depth == 1 => {
                    parts.push((start, at));
                    start = end;
                }
                ")" => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        parts.push((start, at));
                        return Some(Self { text, parts, options: end });
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Returns the column with this name.
    pub(super) fn column(&self, name: &str) -> Option<ColumnDefinition<'a>> {
        let name = backtick(name);
        self.parts.iter().find_map(|&(start, end)| {
            let part = &self.text[start..end];
            let definition = part.trim();
            let rest = definition.strip_prefix(&name).filter(|rest| rest.starts_with(' '))?;
            let start = start + (part.len() - part.trim_start().len());
            Some(column(definition, name.len(), rest, (start, start + definition.len())))
        })
    }

    /// Returns the definition without the comment of the column (or of the table if `column` is `None`) and without
    /// the auto-increment counter, which changes with each row.
    pub(super) fn apart_from(&self, column: Option<&str>) -> Option<String> {
        let options = &self.text[self.options..];
        let mut kept = String::new();
        let (mut at, mut skipped) = (0, None);
        for (start, end) in tokens(options) {
            let token = &options[start..end];
            match skipped.take() {
                // COMMENT = '…'
                Some("COMMENT") => {
                    if token == "=" {
                        skipped = Some("COMMENT");
                    }
                    at = end;
                }
                Some(_) => {
                    if token == "=" {
                        skipped = Some("AUTO_INCREMENT");
                    }
                    at = end;
                }
                None => {
                    if token == "COMMENT" && column.is_none() {
                        skipped = Some("COMMENT");
                    } else if token == "AUTO_INCREMENT" {
                        skipped = Some("AUTO_INCREMENT");
                    }
                    if skipped.is_some() {
                        kept.push_str(options[at..start].trim_end());
                        at = end;
                    }
                }
            }
            // Partitions have options with comments too; these must be kept.
            if token == "(" {
                break;
            }
        }
        kept.push_str(&options[at..]);
        let columns = match column {
            None => self.text[..self.options].to_owned(),
            Some(name) => {
                let found = self.column(name)?;
                let (start, end) = found.place;
                format!("{}{}{}", &self.text[..start], found.shown_with_comment(None), &self.text[end..self.options])
            }
        };
        Some(columns + &kept)
    }
}

/// Parses a column whose name ends at `named`.
fn column<'a>(text: &'a str, named: usize, rest: &'a str, place: (usize, usize)) -> ColumnDefinition<'a> {
    let mut depth = 0_usize;
    let mut before = "";
    let (mut comment, mut check, mut default) = (None, None, None);
    let mut keyword = 0;
    for (at, end) in tokens(rest) {
        let token = &rest[at..end];
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            literal if literal.starts_with('\'') => match before {
                "COMMENT" if comment.is_none() && check.is_none() => comment = Some((keyword, end)),
                "DEFAULT" => default = Some(unescaped(literal)),
                _ => {}
            },
            "CHECK" if check.is_none() => check = Some(at),
            _ => {}
        }
        (before, keyword) = (token, at);
    }
    let (head, tail) = match (comment, check) {
        (Some((start, end)), _) => (start, end),
        // MariaDB requires the check at the end of a column.
        (None, Some(check)) => (check, check),
        (None, None) => (rest.len(), rest.len()),
    };
    // The space before a comment belongs to the comment; the space before a check belongs to the check.
    let head_end = named + rest[..head].trim_end().len();
    let tail_start = if comment.is_some() { named + tail } else { head_end };
    let data_type =
        rest.trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    ColumnDefinition {
        name: &text[..named],
        head: &text[..head_end],
        tail: &text[tail_start..],
        default,
        data_type,
        place,
    }
}

/// Iterates over the byte ranges of words, quoted texts and single signs. Skips white space; an unterminated quoted
/// text extends to the end.
fn tokens(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let start = at;
        let first = *bytes.get(at)?;
        at += 1;
        if matches!(first, b'\'' | b'`' | b'"') {
            while let Some(&byte) = bytes.get(at) {
                at += 1;
                if byte == b'\\' && first != b'`' {
                    at += 1;
                } else if byte == first {
                    if bytes.get(at) != Some(&first) {
                        break;
                    }
                    at += 1;
                }
            }
            at = at.min(bytes.len());
        } else if is_word(first) {
            while bytes.get(at).is_some_and(|byte| is_word(*byte)) {
                at += 1;
            }
        }
        Some((start, at))
    })
}

/// Returns the text of a literal in single quotes.
fn unescaped(literal: &str) -> String {
    let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(literal);
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(|escaped| match escaped {
                '0' => '\0',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'Z' => '\u{1a}',
                other => other,
            })),
            '\'' => {
                chars.next();
                text.push('\'');
            }
            c => text.push(c),
        }
    }
    text
}
