//! A lenient parser for almost-JSON as models write it: single and typographic quotes, unescaped quotes in texts, bare
//! words, trailing and missing commas, raw line breaks in strings, comments, Python literals, and truncated input.
//!
//! The rule: complete values are kept and truncated ones are dropped. A quote ends a text only if the structure of the
//! object or list continues after it. No input causes a panic or unbounded recursion, and parsing takes linear time.

use serde_json::{Map, Value};

const DEPTH: usize = 32;
/// Maximum length of a key, in bytes.
const KEY_LENGTH: usize = 200;
/// Number of bytes in which the end of a list's next text is searched.
const ITEM_LENGTH: usize = 600;
/// Lookahead budget: bytes per byte of the text.
const LOOKAHEAD_FACTOR: usize = 64;

/// A parsed value.
#[derive(Debug, PartialEq)]
pub struct Read {
    /// The value.
    pub value: Value,
    /// Number of bytes that it occupies.
    pub length: usize,
    /// Whether it is complete: every bracket is closed.
    pub whole: bool,
}

/// Parses the value at the start of the text.
#[must_use]
pub fn read(text: &str) -> Option<Read> {
    let lookahead = LOOKAHEAD_FACTOR * text.len() + 10 * ITEM_LENGTH;
    let mut reader =
        Reader { text, at: 0, open: Vec::new(), bare_keys: false, whole: true, lookahead: lookahead.into() };
    let value = reader.value(Place::Alone)?;
    Some(Read { value, length: reader.at, whole: reader.whole })
}

/// Parses a text that is one complete value from end to end.
#[must_use]
pub fn read_all(text: &str) -> Option<Value> {
    let Read { value, length, whole } = read(text)?;
    (whole && text[length..].chars().all(is_blank)).then_some(value)
}

/// The position of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the top level.
    Alone,
    /// In an object, after a key.
    Field,
    /// In a list.
    Item,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The closing brackets of the open objects and lists, outermost first.
    open: Vec<char>,
    /// Whether a key without quotes occurred.
    bare_keys: bool,
    whole: bool,
    /// Number of bytes of lookahead that are left.
    lookahead: std::cell::Cell<usize>,
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

const fn is_closing(c: char) -> bool {
    matches!(c, '}' | ']')
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.char_at(self.at)
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Returns the position after white space and comments (and commas, if `commas`), and whether a line ended there.
    fn past(&self, begun: usize, commas: bool) -> (usize, bool) {
        let (mut at, mut broke) = (begun, false);
        while let Some(c) = self.char_at(at) {
            let rest = &self.text[at..];
            if rest.starts_with("//") || (c == '#' && broke) {
                at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if is_blank(c) || (commas && c == ',') {
                broke |= c == '\n';
                at += c.len_utf8();
            } else {
                break;
            }
        }
        self.use_lookahead(at - begun);
        (at, broke)
    }

    fn skip(&mut self) {
        self.at = self.past(self.at, true).0;
    }

    /// Subtracts bytes from the lookahead budget.
    fn use_lookahead(&self, bytes: usize) {
        self.lookahead.set(self.lookahead.get().saturating_sub(bytes + 1));
    }

    fn value(&mut self, place: Place) -> Option<Value> {
        self.skip();
        let c = self.peek()?;
        if self.open.len() > DEPTH {
            return None;
        }
        // Python's prefixes of strings.
        if matches!(c, 'u' | 'U' | 'b' | 'B' | 'r' | 'R' | 'f')
            && self.char_at(self.at + 1).is_some_and(|c| matches!(c, '"' | '\''))
        {
            self.at += 1;
        }
        match self.peek()? {
            '{' => Some(self.object()),
            '[' => Some(self.array(']')),
            '(' if place != Place::Alone => Some(self.array(')')),
            quote if closing(quote).is_some() => self.string(place).map(Value::String),
            _ => self.bare_word(place),
        }
    }

    fn object(&mut self) -> Value {
        self.next();
        self.open.push('}');
        let mut map = Map::new();
        let closed = loop {
            self.skip();
            let bare = match self.peek() {
                Some('}') => {
                    self.next();
                    break true;
                }
                // The end of the text, or the closing bracket of the surrounding list.
                None | Some(']') => break false,
                Some(quote) => closing(quote).is_none(),
            };
            let key = if bare { Some(self.bare_key()) } else { self.string(Place::Alone) };
            let Some(key) = key else { break false };
            self.at = self.past(self.at, false).0;
            if self.peek() != Some(':') {
                if key.is_empty() && self.next().is_none() {
                    break false;
                }
                continue;
            }
            self.bare_keys |= bare;
            self.next();
            let Some(value) = self.value(Place::Field) else { break false };
            map.insert(key, value);
        };
        self.open.pop();
        self.whole &= closed;
        Value::Object(map)
    }

    fn array(&mut self, close: char) -> Value {
        self.next();
        self.open.push(close);
        let mut items = Vec::new();
        let closed = loop {
            self.skip();
            match self.peek() {
                Some(c) if c == close => {
                    self.next();
                    break true;
                }
                None | Some('}' | ']') => break false,
                Some(':' | ')') => {
                    self.next();
                }
                Some(_) => {
                    let Some(item) = self.value(Place::Item) else { break false };
                    items.push(item);
                }
            }
        };
        self.open.pop();
        self.whole &= closed;
        Value::Array(items)
    }

    /// Reads a quoted string; `None` if the text ends within it.
    fn string(&mut self, place: Place) -> Option<String> {
        let quote = self.next()?;
        let close = closing(quote)?;
        let triple = [quote; 3].iter().collect::<String>();
        if quote == close && self.text[self.at - quote.len_utf8()..].starts_with(&triple) {
            let rest = &self.text[self.at + 2 * quote.len_utf8()..];
            if let Some(end) = rest.find(&triple) {
                self.at += 4 * quote.len_utf8() + end + quote.len_utf8();
                return Some(rest[..end].to_owned());
            }
        }
        let (mut text, mut inner) = (String::new(), false);
        loop {
            match self.next() {
                Some('\\') => self.escape(&mut text)?,
                Some(c) if c == close && self.ends_here(place, close, inner) => return Some(text),
                Some(c) => {
                    inner |= c == close;
                    text.push(c);
                }
                None => {
                    self.whole = false;
                    return None;
                }
            }
        }
    }

    /// Returns whether the quote that was just read ends its text.
    fn ends_here(&self, place: Place, close: char, inner: bool) -> bool {
        if place == Place::Alone || self.lookahead.get() == 0 {
            return close == '"' || !self.peek().is_some_and(char::is_alphanumeric);
        }
        // At the very end, it may be an opening quote within a text that was cut off there.
        self.goes_on(place, self.at, !inner)
    }

    /// Returns whether the structure around a value continues at a position. `at_end` is the result at the end of the
    /// text.
    fn goes_on(&self, place: Place, at: usize, at_end: bool) -> bool {
        let (at, broke) = self.past(at, false);
        match self.char_at(at) {
            None => at_end,
            Some(',') => {
                let (next, _) = self.past(at, true);
                match self.char_at(next) {
                    None => true,
                    Some(c) if is_closing(c) || Some(&c) == self.open.last() => self.closes(next),
                    Some(_) if place == Place::Field => self.is_key(next),
                    Some(_) => self.is_item(next),
                }
            }
            Some(c) if is_closing(c) || Some(&c) == self.open.last() => self.closes(at),
            // A comma is missing.
            Some(_) if place == Place::Field => self.is_key(at),
            Some(_) => broke && self.is_item(at),
        }
    }

    /// Returns whether the brackets at a position close open ones rather than being part of a text. Forgotten brackets
    /// are skipped.
    fn closes(&self, mut at: usize) -> bool {
        let mut open = self.open.as_slice();
        loop {
            let (next, broke) = self.past(at, false);
            match self.char_at(next) {
                None => return true,
                Some(c) if is_closing(c) || c == ')' => {
                    let Some(depth) = open.iter().rposition(|close| *close == c) else { return false };
                    open = &open[..depth];
                    at = next + 1;
                    if open.is_empty() {
                        return self.is_end(at);
                    }
                }
                Some(_) if open.len() == self.open.len() => return false,
                Some(',') => {
                    let (next, _) = self.past(next, true);
                    return match self.char_at(next) {
                        None => true,
                        Some(c) if is_closing(c) => true,
                        Some(_) => self.is_key(next) || self.is_item(next),
                    };
                }
                Some(_) => return broke && self.is_key(next),
            }
        }
    }

    /// Returns whether the outermost value ends at a position. Otherwise, a text in it continues up to a quote that is
    /// followed by structure.
    fn is_end(&self, at: usize) -> bool {
        let (next, broke) = self.past(at, false);
        let rest = window(&self.text[next..], ITEM_LENGTH);
        if broke || rest.is_empty() || rest.starts_with(['{', '[', '}', ']', '`', '<', '"']) {
            return true;
        }
        self.use_lookahead(rest.len());
        let line = &rest[..rest.find(['\n', '{']).unwrap_or(rest.len())];
        let goes_on = |(offset, quote): (usize, &str)| {
            let (after, _) = self.past(next + offset + quote.len(), false);
            match self.char_at(after) {
                Some(',') => self.is_key(self.past(after, true).0),
                c => c.is_some_and(is_closing),
            }
        };
        !line.match_indices(['"', '\'', '”']).any(goes_on)
    }

    /// Returns whether a key and its colon are at a position.
    fn is_key(&self, at: usize) -> bool {
        let Some(first) = self.char_at(at) else { return false };
        let rest = &self.text[at + first.len_utf8()..];
        let window = window(rest, KEY_LENGTH);
        self.use_lookahead(window.len());
        let end = match closing(first) {
            Some(close) => {
                let Some(end) = window.find([close, '\n']).filter(|end| window[*end..].starts_with(close)) else {
                    return false;
                };
                end + close.len_utf8()
            }
            None if first.is_alphanumeric() || matches!(first, '_' | '$') => {
                let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
                window.find(|c| !word(c)).unwrap_or(window.len())
            }
            None => return false,
        };
        let colon = self.past(at + first.len_utf8() + end, false).0;
        if self.char_at(colon) != Some(':') {
            return false;
        }
        // A word with a colon may also be part of a text.
        let behind = &self.text[self.past(colon + 1, false).0..];
        let is_value = |c: char| closing(c).is_some() || c.is_ascii_digit() || matches!(c, '{' | '[' | '-');
        closing(first).is_some()
            || self.bare_keys
            || behind.starts_with(is_value)
            || ["None", "null", "true", "false", "True", "False"].iter().any(|word| behind.starts_with(word))
    }

    /// Returns whether another value of a list begins at a position, rather than the text before it continuing.
    fn is_item(&self, at: usize) -> bool {
        let Some(first) = self.char_at(at) else { return false };
        let rest = window(&self.text[at + first.len_utf8()..], ITEM_LENGTH);
        let ends = |c: Option<char>| c.is_none_or(|c| matches!(c, ',' | ']' | '}' | ')'));
        let Some(close) = closing(first) else {
            let word = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '+'));
            let end = at + first.len_utf8() + word.unwrap_or(rest.len());
            let word = &self.text[at..end];
            let known =
                word.parse::<f64>().is_ok() || ["true", "false", "null", "True", "False", "None"].contains(&word);
            return matches!(first, '{' | '[' | '(') || (known && ends(self.char_at(self.past(end, false).0)));
        };
        self.use_lookahead(rest.len());
        // The first closing quote without an opening one in the text must be followed by structure.
        let (mut nested, mut before, mut escaped) = (0_usize, None, false);
        for (offset, c) in rest.char_indices() {
            if c == close && !escaped {
                let after = rest[offset + c.len_utf8()..].chars().next();
                let opens = before.is_some_and(|c: char| c.is_whitespace() || matches!(c, '(' | '['))
                    && after.is_some_and(char::is_alphanumeric);
                if opens {
                    nested += 1;
                } else if nested > 0 {
                    nested -= 1;
                } else {
                    let end = at + first.len_utf8() + offset + c.len_utf8();
                    return ends(self.char_at(self.past(end, false).0));
                }
            }
            escaped = c == '\\' && !escaped;
            before = Some(c);
        }
        true
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        match self.next()? {
            'n' | 'r' => text.push('\n'),
            't' => text.push('\t'),
            'b' | 'f' => {}
            // Half of a surrogate pair is dropped.
            'u' => text.extend(self.unicode()),
            'x' if self.text[self.at..].get(..2).is_some_and(|hex| u8::from_str_radix(hex, 16).is_ok()) => {
                let code = u8::from_str_radix(&self.text[self.at..self.at + 2], 16).unwrap_or_default();
                self.at += 2;
                text.push(char::from(code));
            }
            // A line continuation.
            '\n' => {}
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
        let rest = &self.text[self.at..];
        let length = rest.find([':', ',', '{', '}', '[', ']']).unwrap_or(rest.len());
        self.at += length;
        rest[..length].trim().to_owned()
    }

    /// Returns whether a comment begins here, after white space, rather than a URL.
    fn is_comment(&self, begun: usize) -> bool {
        self.text[self.at + 1..].starts_with(['/', '*']) && self.text[begun..self.at].ends_with(is_blank)
    }

    /// Reads a number, `true`, `False`, `None`, or words without quotes. Commas and line breaks are part of the words
    /// unless the structure continues after them.
    fn bare_word(&mut self, place: Place) -> Option<Value> {
        let begun = self.at;
        while let Some(c) = self.peek() {
            let ends = match c {
                '{' | '[' => self.at == begun,
                '}' | ']' => true,
                ')' => self.open.last() == Some(&')'),
                '/' => self.is_comment(begun),
                ',' | '\n' => place != Place::Field || self.lookahead.get() == 0 || self.goes_on(place, self.at, true),
                _ => false,
            };
            if ends {
                break;
            }
            self.next();
        }
        let word = self.text[begun..self.at].trim_matches(is_blank);
        if word.is_empty() {
            return None;
        }
        // Words at the end of the text may have been cut off.
        self.whole &= self.peek().is_some();
        Some(match word.to_ascii_lowercase().as_str() {
            "null" | "none" | "undefined" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => word.parse().map_or_else(|_| Value::String(word.to_owned()), Value::Number),
        })
    }
}

fn window(text: &str, length: usize) -> &str {
    let mut end = text.len().min(length);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' | '`' => Some(quote),
        '“' | '”' => Some('”'),
        '„' => Some('“'),
        '‘' => Some('’'),
        '«' => Some('»'),
        _ => None,
    }
}

#[cfg(test)]
#[path = "lenient_tests.rs"]
mod tests;
