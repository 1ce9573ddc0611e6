//! Cleaning of texts that a model wrote.

/// Maximum length of a description, in characters.
const TEXT_LENGTH: usize = 4_000;
const REASONING_LENGTH: usize = 500;

/// The description on one line, without surrounding quotes. A text that is too long is cut at a sentence. `None` if
/// nothing meaningful is left.
#[must_use]
pub fn clean(text: &str) -> Option<String> {
    let text = unquoted(&collapsed(text)).to_owned();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let placeholder = ["string", "text", "description", "none", "null", "unknown", "todo", "tbd", "nan"];
    let bare: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (letters >= 2 && bare != "na" && !placeholder.contains(&bare.as_str())).then(|| at_sentence(&text, TEXT_LENGTH))
}

/// Cleans a reasoning in the same way, with a smaller maximum length.
#[must_use]
pub fn clean_reasoning(text: &str) -> Option<String> {
    Some(at_sentence(&clean(text)?, REASONING_LENGTH))
}

fn collapsed(text: &str) -> String {
    // Zero-width spaces and byte order marks carry no meaning.
    let said = text.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{feff}'));
    let spaced: String = said.map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unquoted(mut text: &str) -> &str {
    for (open, close) in [("**", "**"), ("\"", "\""), ("'", "'"), ("`", "`"), ("“", "”"), ("*", "*")] {
        let inside = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inside) = inside.filter(|inside| !inside.contains(open)) {
            text = inside.trim();
        }
    }
    text
}

/// Cuts a text to at most `length` characters, after the last complete sentence, or else at the last space.
fn at_sentence(text: &str, length: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(length) else { return text.to_owned() };
    let head = &text[..end];
    let sentence = head.rfind(['.', '!', '?', '。']).map(|at| at + head[at..].chars().next().map_or(1, char::len_utf8));
    let cut = sentence.or_else(|| head.rfind(' ')).unwrap_or(end);
    head[..cut].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned() {
        assert_eq!(clean("  \"The user's\n  e-mail.\" ").as_deref(), Some("The user's e-mail."));
        assert_eq!(clean("`The 'code'`").as_deref(), Some("The 'code'"));
        assert_eq!(clean("**The code.**").as_deref(), Some("The code."));
        for absurd in ["", " ", "\"\"", "...", "string", "N/A", "12", "null"] {
            assert_eq!(clean(absurd), None, "{absurd:?}");
        }
    }

    #[test]
    fn long_texts_end_at_a_sentence() {
        let long = format!("{}. {}", "word ".repeat(700).trim(), "tail ".repeat(300));
        let cut = clean(&long).unwrap();
        assert!(cut.ends_with("word.") && cut.chars().count() < 4_000, "{}", cut.len());
        assert_eq!(clean(&"é".repeat(5_000)).unwrap().chars().count(), 4_000);
    }
}
