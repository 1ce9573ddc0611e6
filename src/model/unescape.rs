//! Restores JSON with escaped quotes but without quotes around it: `{\"c1\": \"…\"}`, or `&quot;` for each quote.
//!
//! The rule: only text that cannot be JSON is changed: an escaped quote follows the opening bracket, and there is no
//! plain quote after it. A string that holds encoded JSON has a plain quote before it and is left to the reader.

/// HTML entities and their characters. The ampersand comes last, so that nothing is decoded twice.
const ENTITIES: [(&str, &str); 7] =
    [("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
/// The escapes of a quote.
const QUOTES: [&str; 3] = ["\\\"", "&quot;", "&#34;"];

/// The JSON in a text with its quotes restored; `None` if the text has no JSON with escaped quotes.
#[must_use]
pub fn unescaped(text: &str) -> Option<String> {
    let start = text.match_indices(['{', '[']).map(|(at, _)| at).find(|at| {
        let rest = past_line_ends(text[at + 1..].trim_start());
        QUOTES.iter().any(|quote| rest.starts_with(quote))
    })?;
    let (before, json) = text.split_at(start);
    // An odd number of quotes before it means that it is inside a string.
    if has_plain_quote(json) || before.matches('"').count() % 2 == 1 {
        return None;
    }
    let by_backslash = json.contains(QUOTES[0]) && !QUOTES[1..].iter().any(|quote| json.contains(quote));
    Some(if by_backslash {
        without_backslashes(json)
    } else {
        ENTITIES.iter().fold(json.to_owned(), |json, (entity, plain)| json.replace(entity, plain))
    })
}

/// Skips escaped line breaks.
fn past_line_ends(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix("\\n").or_else(|| text.strip_prefix("\\r")) {
        text = rest.trim_start();
    }
    text
}

fn has_plain_quote(text: &str) -> bool {
    text.match_indices('"').any(|(at, _)| !text[..at].ends_with('\\'))
}

/// Removes one level of escapes. Escapes that are also valid in JSON strings are left to the reader.
fn without_backslashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match rest.next() {
            Some(c @ ('"' | '\\' | '/')) => plain.push(c),
            Some('n' | 'r') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}
