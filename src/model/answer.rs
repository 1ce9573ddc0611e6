//! Reads a model's answer: one draft per subject, or none where the answer holds nothing usable for it.
//!
//! The rule: an answer is what a stranger wrote. It is read as far as it can be understood (fences, prose
//! around it, wrong key spellings, an end that never came) and never trusted: texts are cleaned, confidences
//! clamped, and no answer makes this panic.

use serde_json::Value;

use super::{
    lenient,
    subjects::Asked,
    text::{clean, clean_reasoning},
};

/// More of an answer than any model is asked for is not read.
const ANSWER_BYTES: usize = 1 << 20;
/// Places at which JSON may begin that are tried.
const BEGINNINGS: usize = 24;
const DEPTH: usize = 4;

/// What an answer says of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The description, cleaned.
    pub description: String,
    /// The description as it stood in the answer.
    pub raw: String,
    /// Other wordings, cleaned, each different.
    pub alternatives: Vec<String>,
    /// The model's own statement, 0 to 1.
    pub confidence: Option<f64>,
    /// Why.
    pub reasoning: Option<String>,
}

/// Reads an answer. One reading per subject, in their order.
#[must_use]
pub fn read(answer: &str, asked: &[Asked], alternatives: usize) -> Vec<Option<Reading>> {
    let text = without_thoughts(within(answer, ANSWER_BYTES));
    let mut found: Vec<Option<Reading>> = vec![None; asked.len()];
    let mut from = 0;
    for _ in 0..BEGINNINGS {
        let Some(start) = text[from..].find(['{', '[']).map(|at| from + at) else { break };
        let Some((value, length)) = lenient::read(&text[start..]) else { break };
        let more = readings(&value, asked, alternatives);
        // What held something is left behind whole; what held nothing may have the answer inside it.
        from = start + if count(&more) > 0 { length.max(1) } else { 1 };
        for (known, more) in found.iter_mut().zip(more) {
            *known = known.take().or(more);
        }
        if count(&found) == asked.len() {
            break;
        }
    }
    found
}

fn count(readings: &[Option<Reading>]) -> usize {
    readings.iter().flatten().count()
}

/// A thinking model's thoughts may hold drafts of the answer; what counts comes after them.
fn without_thoughts(text: &str) -> &str {
    text.rfind("</think>").map_or(text, |at| &text[at + "</think>".len()..])
}

fn within(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn readings(value: &Value, asked: &[Asked], alternatives: usize) -> Vec<Option<Reading>> {
    let mut found: Vec<Option<Reading>> = vec![None; asked.len()];
    collect(value, asked, alternatives, DEPTH, &mut found);
    if count(&found) > 0 {
        return found;
    }
    // No key is known: a bare entry for the one subject, or as many entries as there are subjects.
    match value {
        Value::Object(_) if asked.len() == 1 => found[0] = entry(value, alternatives),
        Value::Array(items) if items.len() == asked.len() => {
            found = items.iter().map(|item| item.is_object().then(|| entry(item, alternatives)).flatten()).collect();
        }
        _ => {}
    }
    found
}

/// Looks for entries under the subjects' keys, also inside a wrapper such as `{"columns": [{"name": …}]}`.
fn collect(value: &Value, asked: &[Asked], alternatives: usize, depth: usize, found: &mut [Option<Reading>]) {
    if depth == 0 {
        return;
    }
    let mut take = |key: &str, value: &Value| {
        let Some(index) = position(key, asked) else { return false };
        let Some(reading) = entry(value, alternatives) else { return false };
        found[index].get_or_insert(reading);
        true
    };
    let mut inside = Vec::new();
    match value {
        Value::Object(map) => {
            let named = NAMES.iter().find_map(|name| field(value, &[name])?.as_str());
            if !named.is_some_and(|name| take(name, value)) {
                inside.extend(map.iter().filter(|(key, value)| !take(key, value)).map(|(_, value)| value));
            }
        }
        Value::Array(items) => inside.extend(items),
        _ => {}
    }
    for value in inside.into_iter().filter(|value| value.is_object() || value.is_array()) {
        collect(value, asked, alternatives, depth - 1, found);
    }
}

const NAMES: &[&str] = &["key", "name", "column", "columnname", "asset", "subject", "path", "id"];
const DESCRIPTIONS: &[&str] = &["description", "desc", "text", "comment", "summary", "meaning"];
const ALTERNATIVES: &[&str] = &["alternatives", "alternative", "otherwordings", "wordings", "others", "options"];
const CONFIDENCES: &[&str] = &["confidence", "score", "certainty", "probability"];
const REASONS: &[&str] = &["reasoning", "reason", "rationale", "explanation", "why"];

/// The subject that a key of the answer means: by its key, its name or its path, letter case and signs aside,
/// the exact spelling before a similar one.
fn position(key: &str, asked: &[Asked]) -> Option<usize> {
    let exact = |one: &Asked| one.key == key || one.name == key || one.path.display() == key;
    let plain = folded(key);
    let similar = |one: &Asked| {
        !plain.is_empty() && [folded(&one.key), folded(&one.name), folded(&one.path.display())].contains(&plain)
    };
    asked.iter().position(exact).or_else(|| asked.iter().position(similar))
}

fn folded(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The field of an object under one of these names, or under one that begins so (`descripton`).
fn field<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let map = value.as_object()?;
    let by = |matches: &dyn Fn(&str, &str) -> bool| {
        names.iter().find_map(|name| map.iter().find(|(key, _)| matches(&folded(key), name)).map(|(_, value)| value))
    };
    let begins = |key: &str, name: &str| name.len() > 6 && key.starts_with(&name[..6]);
    by(&|key, name| key == name).or_else(|| by(&begins))
}

fn entry(value: &Value, alternatives: usize) -> Option<Reading> {
    let raw = match value {
        Value::String(text) => text,
        _ => field(value, DESCRIPTIONS)?.as_str()?,
    };
    let description = clean(raw)?;
    let mut others: Vec<String> = Vec::new();
    for other in field(value, ALTERNATIVES).map(texts).unwrap_or_default() {
        let Some(other) = clean(other) else { continue };
        let known = std::iter::once(&description).chain(&others).any(|text| folded(text) == folded(&other));
        if !known && others.len() + 1 < alternatives {
            others.push(other);
        }
    }
    Some(Reading {
        raw: raw.to_owned(),
        alternatives: others,
        confidence: field(value, CONFIDENCES).and_then(confidence),
        reasoning: field(value, REASONS).and_then(Value::as_str).and_then(clean_reasoning),
        description,
    })
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => {
            items.iter().filter_map(|item| item.as_str().or_else(|| field(item, DESCRIPTIONS)?.as_str())).collect()
        }
        _ => Vec::new(),
    }
}

/// A confidence as models state it: `0.8`, `80`, `"80%"`, `"8/10"`, `"high"`.
fn confidence(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64().and_then(as_share),
        Value::String(text) => stated(&text.trim().to_lowercase()),
        _ => None,
    }
}

fn stated(text: &str) -> Option<f64> {
    if let Some(percent) = text.strip_suffix('%') {
        return Some((percent.trim().parse::<f64>().ok().filter(|number| number.is_finite())? / 100.0).clamp(0.0, 1.0));
    }
    if let Some((part, whole)) = text.split_once('/') {
        let (part, whole) = (part.trim().parse::<f64>().ok()?, whole.trim().parse::<f64>().ok()?);
        return (whole > 0.0 && part.is_finite()).then(|| (part / whole).clamp(0.0, 1.0));
    }
    if let Ok(number) = text.parse() {
        return as_share(number);
    }
    match folded(text).as_str() {
        "certain" | "veryhigh" => Some(0.95),
        "high" => Some(0.85),
        "medium" | "moderate" => Some(0.6),
        "low" => Some(0.3),
        "verylow" => Some(0.1),
        _ => None,
    }
}

/// A number as a share: up to 1 as it is, up to 10 out of ten, above that as percent.
fn as_share(number: f64) -> Option<f64> {
    let share = match number {
        n if !n.is_finite() => return None,
        n if n <= 1.0 => n,
        n if n <= 10.0 => n / 10.0,
        n => n / 100.0,
    };
    Some(share.clamp(0.0, 1.0))
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
