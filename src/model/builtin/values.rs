//! What the values of a column are: their shape, a small set of them, and what the keys of a lookup table stand for.
//!
//! The rule: values are shown only if they are a small closed set, and neither a person nor a secret. Numbers that
//! stand for something unknown tell nothing.

use super::{
    data_type::DataType,
    draft::{Need, Sketch},
    reading::ColumnReading,
    shape::Shape,
    words,
};

/// Maximum number of listed values.
const LISTED: usize = 6;

/// Words for what hexadecimal digits are a digest of; other columns hold identifiers.
const DIGESTS: &[&str] = &["hash", "digest", "checksum", "fingerprint", "signature", "MD5", "SHA-1", "SHA-256", "ETag"];

/// Adds what the values look like, and which there are.
pub fn describe(reading: &ColumnReading<'_>, is_typical: bool, sketch: &mut Sketch) {
    if let Some(shape) = reading.shape {
        sketch.evidence("sample", format!("sampled values look like {}", shape.noun()), 0.12);
        let stored = match (shape, reading.data_type) {
            (Shape::EpochSeconds | Shape::EpochMillis, DataType::Integer | DataType::Text | DataType::Other)
            | (
                Shape::Uuid | Shape::HexDigest | Shape::Percent | Shape::Url | Shape::Mime,
                DataType::Text | DataType::Other,
            ) if !reading.is_cryptic()
                && (shape != Shape::HexDigest || reading.words.iter().any(|word| DIGESTS.contains(&word.as_str())))
                && reading.key.is_none()
                && !reading.words.iter().any(|word| matches!(word.as_str(), "URL" | "MIME")) =>
            {
                Some(shape.noun())
            }
            _ => None,
        };
        if let Some(noun) = stored {
            sketch.detail(Need::Useful, format!("Values are {noun}"));
        } else if shape.is_moment() && reading.data_type == DataType::Text {
            sketch.detail(Need::Thorough, format!("Kept as text that holds {}", shape.noun()));
        }
    }
    let samples = reading.statistics.map_or(&[][..], |one| one.samples.as_slice());
    if reading.shape.is_none() && reading.values.is_empty() && !samples.is_empty() && is_typical {
        let numbers = samples.iter().all(|value| value.trim().parse::<f64>().is_ok());
        if numbers || !reading.data_type.is_number() {
            let kind = if numbers { "numbers" } else { "text" };
            sketch.evidence("sample", format!("sampled values are {kind}, as the name suggests"), 0.08);
        }
    }
    if !reading.values.is_empty() && reading.shape != Some(Shape::YesNo) {
        let shown = spelled(&reading.values);
        let all = reading.values_complete && reading.values.len() <= LISTED;
        let text = if all && reading.is_set() {
            format!("Any combination of {}", words::listed(&shown, "and"))
        } else if all && reading.values_from == "sample" {
            // No rule of the database says that there are no others.
            format!("Values seen: {}", words::listed(&shown, "and"))
        } else if all && shown.len() == 1 {
            format!("Only {} is allowed", shown[0])
        } else if all {
            format!("One of {}", words::listed(&shown, "or"))
        } else {
            format!("Values include {}", words::listed(&shown, "and"))
        };
        sketch.detail(Need::Useful, text);
        sketch.evidence(reading.values_from, format!("a small set of values: {}", shown.join(", ")), 0.1);
    } else if reading.values.len() == 2 && reading.data_type == DataType::Text {
        sketch.detail(Need::Useful, format!("Values: {}", spelled(&reading.values).join(", ")));
    }
}

/// The first values of a closed set, verbatim. If one of them is more than a word, all are put in backticks.
pub fn spelled(values: &[String]) -> Vec<String> {
    let first = || values.iter().take(LISTED).map(|value| words::printable(value));
    let plain = |value: &str| {
        !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '/'))
    };
    if first().all(|value| plain(&value)) {
        return first().collect();
    }
    first().map(|value| if value.contains('`') { format!("\"{value}\"") } else { format!("`{value}`") }).collect()
}

/// Returns whether the values are numbers that stand for something that is not known.
pub fn are_numbers(reading: &ColumnReading<'_>) -> bool {
    let is_number = |value: &String| value.parse::<f64>().is_ok();
    !reading.values.is_empty() && reading.values.iter().all(is_number) && !reading.is_answer()
}

/// The clause that says what each key of a lookup table stands for: `1 is open, 2 is closed and 3 is cancelled`. `None`
/// if there are none.
pub fn meanings(codes: &[(String, String)]) -> Option<String> {
    let keys: Vec<String> = codes.iter().map(|(key, _)| key.clone()).collect();
    let labels: Vec<String> = codes.iter().map(|(_, label)| label.clone()).collect();
    // A label of several words is as clear without quotes, unless it could be taken for two.
    let label = |label: &String| {
        let is_plain = !label.contains([',', ';', '`']) && !label.split(' ').any(|word| matches!(word, "and" | "is"));
        if is_plain { words::printable(label) } else { format!("`{}`", words::printable(label).replace('`', "'")) }
    };
    let shown = spelled(&keys).into_iter().zip(labels.iter().map(label));
    let mut parts: Vec<String> = shown.map(|(key, label)| format!("{key} is {label}")).collect();
    if codes.len() > parts.len() {
        parts.push("so on".to_owned());
    }
    (!parts.is_empty()).then(|| words::listed(&parts, "and"))
}
