//! Parses a model's answer: one draft per subject, or none if the answer has nothing usable for it.
//!
//! The rule: an answer is untrusted input. The reader accepts as much as it can understand: code fences, surrounding
//! prose, misspelled keys, JSON encoded as a string, and truncated answers. Texts are cleaned, confidences are clamped,
//! and no answer causes a panic. Thoughts are not part of the answer. If several objects describe a subject, the last
//! one counts.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    entry::{NAMES, Reading, decoded, entry, field, folded, is_entry},
    lenient,
    subjects::Asked,
    thoughts, unescape, yaml,
};

/// Maximum number of bytes of an answer that are read; more than any model is asked for.
const ANSWER_BYTES: usize = 4 << 20;
/// Maximum number of positions that are tried as the start of JSON.
const BEGINNINGS: usize = 64;
const DEPTH: usize = 6;

type Found = Vec<Option<Reading>>;

/// Reads an answer. Returns one reading per subject, in the order of the subjects.
#[must_use]
pub fn read(answer: &str, asked: &[Asked], alternatives: usize) -> Vec<Option<Reading>> {
    let reader = Reader { asked, alternatives };
    let text = thoughts::after_leading(within(answer, ANSWER_BYTES));
    let restored = unescape::unescaped(text);
    let text = restored.as_deref().unwrap_or(text);
    // The text after a mark that closes thoughts is the answer, if it can be read as one.
    let lone = thoughts::lone_closings(text).into_iter().take(4).map(|end| reader.read(&text[end..]));
    if let Some(found) = lone.into_iter().find(|found| count(found) > 0) {
        return found;
    }
    let found = reader.read(text);
    if count(&found) > 0 {
        return found;
    }
    yaml::read(text).map(|value| reader.readings(&value)).unwrap_or(found)
}

fn count(readings: &[Option<Reading>]) -> usize {
    readings.iter().flatten().count()
}

fn within(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The first position where a value may begin: a bracket, or a quote that encloses encoded JSON.
fn beginning(text: &str) -> Option<usize> {
    let encoded =
        |at: usize| text[at + 1..].trim_start_matches(['\\', 'n', 'r', ' ', '"']).starts_with(['{', '[', '`']);
    text.match_indices(['{', '[', '"']).map(|(at, _)| at).find(|at| !text[*at..].starts_with('"') || encoded(*at))
}

struct Reader<'a> {
    asked: &'a [Asked],
    alternatives: usize,
}

impl Reader<'_> {
    fn none(&self) -> Found {
        vec![None; self.asked.len()]
    }

    /// Reads all values in a text.
    fn read(&self, text: &str) -> Found {
        let mut found = self.none();
        // The start of the text between two values, and the position from which to search for the next value.
        let (mut between, mut from) = (0, 0);
        let mut left = 4 * text.len() + ANSWER_BYTES / 4;
        for _ in 0..BEGINNINGS {
            let Some(start) = beginning(&text[from..]).map(|at| from + at) else { break };
            if let Some((open, close)) = thoughts::opening(&text[between..start]) {
                // A thought that never closes extends to the end.
                let Some(at) = thoughts::lowered(&text[between + open..]).find(&close) else { return found };
                between += open + at + close.len();
                from = between;
                continue;
            }
            if !thoughts::lone_closings(&text[between..start]).is_empty() {
                found = self.none();
            }
            let Some(lenient::Read { value, length, .. }) = lenient::read(&text[start..]) else { break };
            let more = self.readings(&value);
            // Skip a value that held something. A value that held nothing may contain the answer.
            if count(&more) > 0 {
                from = start + length.max(1);
                between = from;
                for (known, more) in found.iter_mut().zip(more) {
                    *known = more.or(known.take());
                }
            } else {
                from = start + 1;
            }
            let Some(rest) = left.checked_sub(length) else { break };
            left = rest;
        }
        if !thoughts::lone_closings(&text[between..]).is_empty() {
            return self.none();
        }
        found
    }

    fn readings(&self, value: &Value) -> Found {
        let mut found = self.none();
        let value = decoded(value).map_or(Cow::Borrowed(value), Cow::Owned);
        self.collect(&value, DEPTH, &mut found);
        if count(&found) > 0 {
            return found;
        }
        // No key is known: the value is an entry for the only subject, or a list with one entry per subject.
        match value.as_ref() {
            Value::Object(_) if self.asked.len() == 1 => found[0] = entry(&value, self.alternatives),
            Value::Array(items) if items.len() == self.asked.len() => {
                found = items.iter().map(|item| self.bare_entry(item)).collect();
            }
            _ => {}
        }
        found
    }

    fn bare_entry(&self, item: &Value) -> Option<Reading> {
        let item = decoded(item).map_or(Cow::Borrowed(item), Cow::Owned);
        item.is_object().then(|| entry(&item, self.alternatives)).flatten()
    }

    /// Collects entries under the subjects' keys, including those inside a wrapper: `{"columns": [{"name": …}]}`. Outer
    /// entries override inner ones, and later entries override earlier ones.
    fn collect(&self, value: &Value, depth: usize, found: &mut Found) {
        if depth == 0 {
            return;
        }
        let value = decoded(value).map_or(Cow::Borrowed(value), Cow::Owned);
        match value.as_ref() {
            Value::Object(map) => {
                let named = NAMES.iter().filter_map(|name| field(&value, &[name])?.as_str());
                let entries = || named.clone().filter_map(|name| self.position(name));
                if let Some(index) = entries().next().filter(|_| is_entry(&value))
                    && let Some(reading) = entry(&value, self.alternatives)
                {
                    found[index] = Some(reading);
                    return;
                }
                let own = |key: &str, value: &Value| {
                    // The fields of an entry are not names of columns, even if columns have such names.
                    let index = if is_entry(&Value::Object(map.clone())) { self.key(key) } else { self.position(key) };
                    Some((index?, entry(value, self.alternatives)?))
                };
                let known: Vec<_> = map.iter().map(|(key, value)| (value, own(key, value))).collect();
                for (value, _) in known.iter().filter(|(_, own)| own.is_none()) {
                    self.collect(value, depth - 1, found);
                }
                for (index, reading) in known.into_iter().filter_map(|(_, own)| own) {
                    found[index] = Some(reading);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, depth - 1, found)),
            _ => {}
        }
    }

    fn key(&self, key: &str) -> Option<usize> {
        self.asked.iter().position(|one| one.key == key)
    }

    /// The subject that a key of the answer denotes, by key, name or path, ignoring letter case and punctuation. A key
    /// takes precedence over a name, and an exact match over a similar one. A key that could denote two subjects
    /// denotes none.
    fn position(&self, key: &str) -> Option<usize> {
        let exact = |one: &Asked| one.name == key || one.path.display() == key;
        let plain = folded(key);
        let mut similar = self.asked.iter().enumerate().filter(|(_, one)| {
            !plain.is_empty() && [folded(&one.key), folded(&one.name), folded(&one.path.display())].contains(&plain)
        });
        let by_key = self.key(key).or_else(|| self.asked.iter().position(exact));
        by_key.or_else(|| similar.next().filter(|_| similar.next().is_none()).map(|(index, _)| index))
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
