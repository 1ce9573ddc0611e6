//! Tables in Markdown. Characters with a meaning in Markdown are escaped, and a line break in a cell becomes `<br>`.

use std::fmt::Write as _;

use crate::domain::text::is_unseen;

/// Returns a row of a table.
pub fn row(cells: impl IntoIterator<Item = String>) -> String {
    let mut text = String::from("|");
    for cell in cells {
        text.push(' ');
        text.push_str(&cell);
        text.push_str(" |");
    }
    text.push('\n');
    text
}

/// Returns the heading of a table.
pub fn heading(columns: &[String]) -> String {
    row(columns.iter().cloned()) + &row(columns.iter().map(|_| "---".to_owned()))
}

/// Formats a value for a cell; empty for `None`.
pub fn cell(value: Option<&str>) -> String {
    value.map(escaped).unwrap_or_default()
}

/// Escapes a text for a cell: a backslash before characters that have a meaning in Markdown, and character references
/// for those that a cell cannot hold. An underscore within a word has no meaning and stays as it is.
pub fn escaped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().copied().enumerate() {
        let within_word = is_word(at.checked_sub(1)) && is_word(Some(at + 1));
        match c {
            '\n' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\r' | '\t' => out.push_str(if c == '\t' { "&#9;" } else { "&#13;" }),
            ' ' if at == 0 || at + 1 == chars.len() => out.push_str("&#32;"),
            '_' if within_word => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if is_unseen(c) => {
                // Writing to a string does not fail.
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}
