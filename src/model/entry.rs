//! The entry of one subject in an answer, with the fields as models spell them.
//!
//! The rule: a value is interpreted by its evident meaning (a list in a string, a share in percent), and what has none
//! is left out.

use serde_json::Value;

use super::{
    lenient,
    text::{clean, clean_reasoning},
};

/// The content of one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The description, cleaned.
    pub description: String,
    /// The description as in the answer.
    pub raw: String,
    /// Other wordings, cleaned and distinct.
    pub alternatives: Vec<String>,
    /// The confidence that the model states, 0 to 1.
    pub confidence: Option<f64>,
    /// The reasoning.
    pub reasoning: Option<String>,
}

/// Names of fields that identify an entry's subject.
pub const NAMES: &[&str] =
    &["key", "name", "column", "columnname", "asset", "assetname", "field", "subject", "path", "table", "id"];
const DESCRIPTIONS: &[&str] = &["description", "desc", "text", "comment", "summary", "meaning"];
const ALTERNATIVES: &[&str] = &["alternatives", "alternative", "otherwordings", "wordings", "others", "options"];
const CONFIDENCES: &[&str] = &["confidence", "score", "certainty", "probability"];
const REASONS: &[&str] = &["reasoning", "reason", "rationale", "explanation", "why"];
/// Maximum number of times that JSON may be encoded as a string.
const ENCODINGS: usize = 4;

/// Returns only the letters and digits, in lower case.
#[must_use]
pub fn folded(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The object or list that a string encodes from end to end, up to four times over.
#[must_use]
pub fn decoded(value: &Value) -> Option<Value> {
    let mut text = value.as_str()?.to_owned();
    for _ in 0..ENCODINGS {
        let inside = unfenced(&text);
        if !inside.starts_with(['{', '[', '"', '(', '\\']) {
            return None;
        }
        let read = lenient::read_all(inside).filter(|read| !read.is_string() || inside.starts_with('"'));
        text = match read {
            Some(read @ (Value::Object(_) | Value::Array(_))) => return Some(read),
            Some(Value::String(read)) => read,
            _ if inside.contains("\\\"") => inside.replace("\\\"", "\"").replace("\\n", "\n"),
            _ => return None,
        };
    }
    None
}

/// Removes a code fence around a text.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inside) = text.strip_prefix("```").and_then(|text| text.strip_suffix("```")) else { return text };
    inside.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).trim()
}

/// The field of an object with one of these names, or with the same beginning (`descripton`).
#[must_use]
pub fn field<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let map = value.as_object()?;
    let by = |matches: &dyn Fn(&str, &str) -> bool| {
        names.iter().find_map(|name| map.iter().find(|(key, _)| matches(&folded(key), name)).map(|(_, value)| value))
    };
    let begins = |key: &str, name: &str| name.len() > 6 && key.starts_with(&name[..6]);
    by(&|key, name| key == name).or_else(|| by(&begins))
}

/// Returns whether an object looks like an entry: it has a description and at least one other field of an entry.
#[must_use]
pub fn is_entry(value: &Value) -> bool {
    let description = field(value, DESCRIPTIONS).is_some_and(|text| text.is_string() || text.is_array());
    description && [CONFIDENCES, REASONS, ALTERNATIVES, NAMES].iter().any(|names| field(value, names).is_some())
}

/// Reads an entry: an object with a description, the description alone, or a list of wordings.
#[must_use]
pub fn entry(value: &Value, alternatives: usize) -> Option<Reading> {
    if let Some(value) = decoded(value) {
        return entry(&value, alternatives);
    }
    if let Value::Array(items) = value
        && let [one] = items.as_slice()
        && (one.is_object() || decoded(one).is_some())
    {
        return entry(one, alternatives);
    }
    let mut wordings = match value {
        Value::String(_) | Value::Array(_) => texts(value),
        _ => texts(field(value, DESCRIPTIONS)?),
    };
    if wordings.is_empty() {
        return None;
    }
    let raw = wordings.remove(0);
    let description = clean(&raw)?;
    wordings.extend(field(value, ALTERNATIVES).map(texts).unwrap_or_default());
    let mut others: Vec<String> = Vec::new();
    for other in wordings {
        let Some(other) = clean(&other) else { continue };
        let known = std::iter::once(&description).chain(&others).any(|text| folded(text) == folded(&other));
        if !known && others.len() + 1 < alternatives {
            others.push(other);
        }
    }
    Some(Reading {
        raw,
        alternatives: others,
        confidence: field(value, CONFIDENCES).and_then(confidence),
        reasoning: field(value, REASONS).and_then(|why| clean_reasoning(&texts(why).join(" "))),
        description,
    })
}

/// The texts in a text, a list or an entry.
fn texts(value: &Value) -> Vec<String> {
    if let Some(value) = decoded(value) {
        return texts(&value);
    }
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| texts(item).into_iter().next()).collect(),
        Value::Object(_) => match field(value, DESCRIPTIONS) {
            Some(Value::Object(_)) | None => Vec::new(),
            Some(inside) => texts(inside),
        },
        _ => Vec::new(),
    }
}

/// Parses a confidence as models state it: `0.8`, `80`, `"80%"`, `"8/10"`, `"high"`, `"about 0.8"`.
pub(super) fn confidence(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64().and_then(as_share),
        Value::String(text) => stated(&text.trim().to_lowercase()),
        Value::Object(_) => confidence(field(value, &["value", "score", "level"])?),
        _ => None,
    }
}

fn stated(text: &str) -> Option<f64> {
    if let Some((part, whole)) = text.split_once('/') {
        let (part, whole) = (number(part)?.0, number(whole)?.0);
        return (whole > 0.0).then(|| (part / whole).clamp(0.0, 1.0));
    }
    if let Some((stated, rest)) = number(text) {
        let percent = rest.trim_start().starts_with(['%', '٪', '％']) || rest.trim_start().starts_with("percent");
        return if percent { Some((stated / 100.0).clamp(0.0, 1.0)) } else { as_share(stated) };
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

/// The first number in a text, with a decimal point or comma, and the text after it.
fn number(text: &str) -> Option<(f64, &str)> {
    let begins = text.find(|c: char| c.is_ascii_digit())?;
    let signed = text[..begins].trim_end_matches(['.', ',']);
    let begins = if begins - signed.len() == 1 { signed.len() } else { begins };
    let rest = &text[begins..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(rest.len());
    let digits = rest[..end].trim_end_matches(['.', ',']).replace(',', ".");
    let number: f64 = digits.parse().ok()?;
    let negative = signed.ends_with('-');
    Some((if negative { -number } else { number }, &rest[end..]))
}

/// Converts a number to a share: up to 1 unchanged, up to 10 as tenths, above that as percent.
fn as_share(number: f64) -> Option<f64> {
    let share = match number {
        n if !n.is_finite() => return None,
        n if n <= 1.0 => n,
        n if n <= 10.0 => n / 10.0,
        n => n / 100.0,
    };
    Some(share.clamp(0.0, 1.0))
}
