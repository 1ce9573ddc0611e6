//! The JSON schema of an answer: an object with a required property for each subject, so that every valid answer is
//! complete.
//!
//! The rule: schemas use only what OpenAI's strict mode supports, except for the length limits of
//! [`Strength::Bounded`].

use serde_json::{Map, Value, json};

use super::subjects::Asked;

/// The strictness of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Includes length limits, which keep a small model from writing until its tokens run out.
    Bounded,
    /// Only what OpenAI's strict mode supports.
    Strict,
    /// Any JSON object: the endpoint accepts no schema, so the prompt has it.
    Object,
}

impl Strength {
    /// Returns whether a provider shows the schema to the model, so that it counts as input. Servers that accept limits
    /// of lengths compile the schema to a grammar instead, and without a schema, the prompt has it.
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Strict)
    }
}

/// Characters per word including the space, a generous average.
const LETTERS_PER_WORD: usize = 8;
const REASONING_LETTERS: usize = 120;

/// The schema of the answer for these subjects. `alternatives` is the number of wordings, including the first; `words`
/// limits the length of each.
#[must_use]
pub fn answer_schema(asked: &[Asked], alternatives: usize, words: usize, strength: Strength) -> Value {
    object(asked.iter().map(|one| (one.key.clone(), entry(alternatives, words, strength))))
}

/// The same schema with the entry defined only once, for use in a prompt, where it costs tokens.
#[must_use]
pub fn prompt_schema(asked: &[Asked], alternatives: usize) -> Value {
    let mut schema = object(asked.iter().map(|one| (one.key.clone(), json!({ "$ref": "#/$defs/entry" }))));
    schema["$defs"] = json!({ "entry": entry(alternatives, 0, Strength::Strict) });
    schema
}

/// The `response_format` field of a chat completion, with a schema for the answer.
pub fn response_format(name: &str, schema: impl FnOnce() -> Value, strength: Strength) -> Value {
    if strength == Strength::Object {
        return json!({ "type": "json_object" });
    }
    json!({ "type": "json_schema", "json_schema": { "name": name, "strict": true, "schema": schema() } })
}

fn entry(alternatives: usize, words: usize, strength: Strength) -> Value {
    let text = |length: usize| match strength {
        Strength::Bounded => json!({ "type": "string", "minLength": 1, "maxLength": length }),
        Strength::Strict | Strength::Object => json!({ "type": "string" }),
    };
    let wording = text(words * LETTERS_PER_WORD);
    let others = alternatives.saturating_sub(1);
    let mut properties = vec![("description".to_owned(), wording.clone())];
    if others > 0 {
        let list = json!({ "type": "array", "items": wording, "minItems": others, "maxItems": others });
        properties.push(("alternatives".to_owned(), list));
    }
    properties.push(("confidence".to_owned(), json!({ "type": "number", "minimum": 0, "maximum": 1 })));
    properties.push(("reasoning".to_owned(), text(REASONING_LETTERS)));
    object(properties)
}

fn object(properties: impl IntoIterator<Item = (String, Value)>) -> Value {
    let properties: Map<String, Value> = properties.into_iter().collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}
