//! Untrusted texts, made safe to display.
//!
//! The rule: Gloss stores names, comments and answers unchanged. Where a person reads them, a character that is
//! invisible or that changes how others are displayed is replaced by an escape (`\u{202E}`).

use std::{borrow::Cow, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Returns whether a character is invisible or changes how others are displayed: controls, line separators, marks that
/// change the text direction, and tags that hide text.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'
                ..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'
        )
}

/// Returns whether a character is in Unicode's category Cf. Some of these characters have legitimate uses, for example
/// the joiners in emoji and in Persian. Two names that differ only in them look the same.
#[must_use]
pub const fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
            | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}' | '\u{E0020}'..='\u{E007F}'
    )
}

/// A text for display on one line, with an escape for each invisible character.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_unseen)
}

/// A text for display on several lines, with an escape for each invisible character except line ends and tabs.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_unseen(c) && !matches!(c, '\n' | '\t'))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' if is_escaped(c) => shown.push_str("\\n"),
            '\r' if is_escaped(c) => shown.push_str("\\r"),
            '\t' if is_escaped(c) => shown.push_str("\\t"),
            c if is_escaped(c) => {
                // Writing to a `String` never fails.
                let _ = write!(shown, "\\u{{{:X}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Writes bytes in base64 for URLs, without padding.
pub(crate) fn base64_to(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[start..]);
    out.truncate(start + written.unwrap_or_default());
}

/// A text on one line, with control characters and runs of white space replaced by single spaces.
#[must_use]
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number of things: `1 run`, `2 runs`.
#[must_use]
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// Maximum number of things that a sentence names.
const NAMED: usize = 10;

/// The first ten things, joined by `separator`, and the number of the others: `a, b and 3 more`.
#[must_use]
pub fn some_of<T: AsRef<str>>(things: &[T], separator: &str) -> String {
    let first: Vec<&str> = things.iter().take(NAMED).map(AsRef::as_ref).collect();
    let first = first.join(separator);
    match things.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// The first `length` characters of a text, followed by `…` if anything was cut.
#[must_use]
pub fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_shown_as_an_escape() {
        for (text, line, lines) in [
            ("plain ä 表 👩‍🚀 می‌خواهم", "plain ä 表 👩‍🚀 می‌خواهم", "plain ä 表 👩‍🚀 می‌خواهم"),
            ("a\u{202E}b\u{2066}c", "a\\u{202E}b\\u{2066}c", "a\\u{202E}b\\u{2066}c"),
            ("\u{1b}[31mred\u{7}", "\\u{1B}[31mred\\u{7}", "\\u{1B}[31mred\\u{7}"),
            ("two\nlines\tand\r", "two\\nlines\\tand\\r", "two\nlines\tand\\r"),
            (
                "\u{9b}\u{2028}\u{FEFF}\u{E0041}",
                "\\u{9B}\\u{2028}\\u{FEFF}\\u{E0041}",
                "\\u{9B}\\u{2028}\\u{FEFF}\\u{E0041}",
            ),
        ] {
            assert_eq!((visible(text).as_ref(), visible_lines(text).as_ref()), (line, lines), "{text:?}");
        }
    }
}
