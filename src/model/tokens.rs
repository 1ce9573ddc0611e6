//! An estimate of how many tokens a text has, for providers that report no usage and for estimates of costs.
//!
//! The rule: an estimate is within 20 % of what tokenizers count in prompts, whose names, types and JSON have more
//! tokens per character than prose. A word is a token, and a long or upper-case one is several. Spaces belong to what
//! follows them.

/// Letters of a token in a word, in a word of capitals, and in one of another script than Latin (in bytes).
const LETTERS: usize = 7;
const CAPITALS: usize = 3;
const OTHER_BYTES: usize = 3;
/// Digits of a token.
const DIGITS: usize = 2;
/// Signs of a token in a row of signs.
const SIGNS: usize = 3;

/// What a character is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Other,
    Digit,
    Sign,
    Line,
    Space,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            'a'..='z' => Self::Lower,
            'A'..='Z' => Self::Upper,
            '0'..='9' => Self::Digit,
            '\n' => Self::Line,
            c if c.is_whitespace() => Self::Space,
            c if c.is_alphanumeric() => Self::Other,
            _ => Self::Sign,
        }
    }

    /// The tokens of a row of characters of this class.
    const fn tokens(self, characters: usize, bytes: usize) -> usize {
        match self {
            Self::Lower => characters.div_ceil(LETTERS),
            Self::Upper => characters.div_ceil(CAPITALS),
            Self::Other => bytes.div_ceil(OTHER_BYTES),
            Self::Digit => characters.div_ceil(DIGITS),
            Self::Sign => characters.div_ceil(SIGNS),
            Self::Line => 1,
            Self::Space => 0,
        }
    }
}

/// Estimates the number of tokens of a text.
#[must_use]
pub fn estimate(text: &str) -> i64 {
    let mut sum = 0;
    let mut row: Option<(Class, usize, usize)> = None;
    for c in text.chars() {
        let class = Class::of(c);
        match &mut row {
            Some((known, characters, bytes)) if *known == class => {
                *characters += 1;
                *bytes += c.len_utf8();
            }
            // A capital begins a word.
            Some((known @ Class::Upper, characters @ 1, _)) if class == Class::Lower => {
                (*known, *characters) = (Class::Lower, 2);
            }
            _ => {
                sum += row.map_or(0, |(class, characters, bytes)| class.tokens(characters, bytes));
                row = Some((class, 1, c.len_utf8()));
            }
        }
    }
    sum += row.map_or(0, |(class, characters, bytes)| class.tokens(characters, bytes));
    i64::try_from(sum).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts as they occur in prompts, with the tokens that `SmolLM2` counts, whose vocabulary is small.
    const COUNTED: [(&str, i64); 3] = [
        (include_str!("tokens/system.txt"), 202),
        (include_str!("tokens/shared.txt"), 189),
        (include_str!("tokens/task.txt"), 255),
    ];

    #[test]
    fn estimates_are_close_to_counts() {
        for (text, counted) in COUNTED {
            let estimated = estimate(text);
            assert!((estimated - counted).abs() * 10 <= counted, "{estimated} for {counted}: {text}");
        }
    }

    #[test]
    fn scripts_digits_and_signs() {
        for (text, tokens) in [
            ("", 0),
            ("   ", 0),
            ("The name", 2),
            ("CustomerId", 3),
            ("NVARCHAR(40)", 6),
            ("2026-11-28", 6),
            ("価格の一覧", 5),
            ("\"\"\": \"", 3),
        ] {
            assert_eq!(estimate(text), tokens, "{text:?}");
        }
    }
}
