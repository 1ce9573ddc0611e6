//! Reads answers in YAML, which some models write whatever the prompt says: keys with a colon, each followed by the
//! fields of its entry.
//!
//! The rule: an entry needs an indented `description:` below a key, so that prose with colons does not count.

use serde_json::{Map, Value};

/// Reads a YAML answer into an object of objects of texts; `None` if there is no entry.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    let mut whole = Map::new();
    let mut entry: Option<(usize, String)> = None;
    // The field to which lines with a deeper indentation belong.
    let mut last: Option<(usize, String)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if trimmed.is_empty() || trimmed.starts_with("```") || trimmed == "---" {
            continue;
        }
        let is_list = trimmed.starts_with("- ");
        let bare = trimmed.trim_start_matches("- ");
        if let Some((level, key)) = &entry
            && indent > *level
        {
            let fields = whole.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
            match pair(bare).filter(|_| last.as_ref().is_none_or(|(level, _)| indent <= *level)) {
                Some((field, value)) if !is_list => {
                    fields.insert(field.to_owned(), Value::String(value.to_owned()));
                    last = Some((indent, field.to_owned()));
                }
                _ => {
                    let Some((_, field)) = &last else { continue };
                    let value = fields.entry(field.clone()).or_insert(Value::String(String::new()));
                    add(value, unquoted(bare), is_list);
                }
            }
            continue;
        }
        (entry, last) = (None, None);
        if let Some((key, value)) = pair(bare)
            && value.is_empty()
        {
            entry = Some((indent, key.to_owned()));
        }
    }
    let described = |value: &Value| value.get("description").is_some_and(|text| text.as_str() != Some(""));
    whole.values().any(described).then_some(Value::Object(whole))
}

/// Appends a line to a text, or an item to a list.
fn add(value: &mut Value, line: &str, is_list: bool) {
    match value {
        Value::Array(items) => items.push(Value::String(line.to_owned())),
        Value::String(text) if is_list && text.is_empty() => {
            *value = Value::Array(vec![Value::String(line.to_owned())]);
        }
        Value::String(text) => {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(line);
        }
        _ => {}
    }
}

/// Splits a line into its key and the value after the colon.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = unquoted(key.trim().trim_matches('*'));
    let value = value.trim().trim_start_matches("**").trim();
    let is_key = !key.is_empty() && key.len() <= 80 && !key.contains(char::is_whitespace);
    is_key.then(|| (key, if matches!(value, "|" | ">" | "|-" | ">-") { "" } else { unquoted(value) }))
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).or_else(|| inside('`')).unwrap_or(text)
}
