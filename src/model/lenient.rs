//! Reads JSON that is not quite JSON, as models write it: single quotes, bare words, trailing commas, raw line
//! breaks in strings, comments, and an end that never came.
//!
//! The rule: what was complete is kept, what was cut off is dropped; no input makes it panic, recurse without
//! end, or take more than linear time.

use serde_json::{Map, Value};

const DEPTH: usize = 32;

/// Reads the value that begins at the start of the text. Gives it with the number of bytes it took.
#[must_use]
pub fn read(text: &str) -> Option<(Value, usize)> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    Some((value, reader.at))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// White space, commas left over and comments.
    fn skip(&mut self) {
        while let Some(c) = self.peek() {
            let rest = &self.text[self.at..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if c.is_whitespace() || c == ',' {
                self.at += c.len_utf8();
            } else {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip();
        match self.peek()? {
            _ if depth > DEPTH => None,
            '{' => Some(self.object(depth)),
            '[' => Some(self.array(depth)),
            quote if closing(quote).is_some() => self.string().map(Value::String),
            _ => self.bare_word(),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        self.next();
        let mut map = Map::new();
        loop {
            self.skip();
            let key = match self.peek() {
                Some('}') => {
                    self.next();
                    break;
                }
                // The end of the text, or the bracket of what is around it.
                None | Some(']') => break,
                Some(quote) if closing(quote).is_some() => self.string(),
                Some(_) => Some(self.bare_key()),
            };
            let Some(key) = key else { break };
            self.skip();
            if self.peek() != Some(':') {
                if key.is_empty() {
                    self.next();
                }
                continue;
            }
            self.next();
            let Some(value) = self.value(depth + 1) else { break };
            map.insert(key, value);
        }
        Value::Object(map)
    }

    fn array(&mut self, depth: usize) -> Value {
        self.next();
        let mut items = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                None | Some('}') => break,
                Some(']') => {
                    self.next();
                    break;
                }
                Some(':') => {
                    self.next();
                }
                Some(_) => {
                    let Some(item) = self.value(depth + 1) else { break };
                    items.push(item);
                }
            }
        }
        Value::Array(items)
    }

    /// A quoted string; `None` where the text ends within it.
    fn string(&mut self) -> Option<String> {
        let close = closing(self.next()?)?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '\\' => self.escape(&mut text)?,
                c if c == close && self.ends_here(close) => return Some(text),
                c => text.push(c),
            }
        }
    }

    /// An apostrophe inside a text in single quotes does not end it; a quote before structure does.
    fn ends_here(&self, close: char) -> bool {
        close == '"' || !self.peek().is_some_and(char::is_alphanumeric)
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        match self.next()? {
            'n' | 'r' => text.push('\n'),
            't' => text.push('\t'),
            'b' | 'f' => {}
            'u' => match self.unicode() {
                Some(c) => text.push(c),
                None => text.push('\u{fffd}'),
            },
            c => text.push(c),
        }
        Some(())
    }

    fn unicode(&mut self) -> Option<char> {
        let high = self.hex()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        let rest = self.text[self.at..].strip_prefix("\\u")?;
        let low = u32::from_str_radix(rest.get(..4)?, 16).ok().filter(|low| (0xdc00..0xe000).contains(low))?;
        self.at += 6;
        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    }

    fn hex(&mut self) -> Option<u32> {
        let code = u32::from_str_radix(self.text[self.at..].get(..4)?, 16).ok()?;
        self.at += 4;
        Some(code)
    }

    fn bare_key(&mut self) -> String {
        self.word(|c| matches!(c, ':' | ',' | '{' | '}' | '[' | ']'))
    }

    /// A number, `true`, `False`, `None`, or words without quotes.
    fn bare_word(&mut self) -> Option<Value> {
        let word = self.word(|c| matches!(c, ',' | '}' | ']' | '\n' | '{' | '['));
        if word.is_empty() {
            return None;
        }
        Some(match word.to_ascii_lowercase().as_str() {
            "null" | "none" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => word.parse().map_or(Value::String(word), Value::Number),
        })
    }

    fn word(&mut self, ends: impl Fn(char) -> bool) -> String {
        let rest = &self.text[self.at..];
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at += length;
        rest[..length].trim().to_owned()
    }
}

fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' | '`' => Some(quote),
        '“' => Some('”'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        read(text).map(|(value, _)| value).unwrap_or_default()
    }

    #[test]
    fn reads_what_models_write() {
        assert_eq!(value(r#"{"a": [1, 2,], "b": true,}"#), json!({"a": [1, 2], "b": true}));
        assert_eq!(value("{'a': 'the user's name', b: None}"), json!({"a": "the user's name", "b": null}));
        assert_eq!(value("{\"a\": \"two\nlines\", // why\n \"b\": 0.5}"), json!({"a": "two\nlines", "b": 0.5}));
        assert_eq!(value(r#"{"a": "\ud83d\ude00 \u00e9 \x"}"#), json!({"a": "😀 é x"}));
    }

    #[test]
    fn what_is_cut_off_is_dropped() {
        assert_eq!(value(r#"{"a": {"d": "whole"}, "b": {"d": "cut"#), json!({"a": {"d": "whole"}, "b": {}}));
        assert_eq!(value(r#"{"a": ["x", "y"#), json!({"a": ["x"]}));
    }

    #[test]
    fn deep_nesting_ends() {
        assert!(read(&"[".repeat(100_000)).is_some());
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn never_panics_on_json_like_text(text in "[\\[\\]{}\",:'\\\\u0-9a-f \n`/*“”]{0,80}") {
            let _ = read(&text);
        }

        #[test]
        fn reads_true_json_as_it_is(text in "[^\\pC]{0,30}", number in any::<i32>()) {
            let written = json!({ "text": text, "list": [number, null, true, { "inner": text }] });
            prop_assert_eq!(value(&written.to_string()), written);
        }
    }
}
