//! The optional features of a request that an endpoint supports. Gloss first sends a request with all of them, then
//! leaves out what the endpoint refuses, and remembers the result per endpoint.
//!
//! The rule: a manner is remembered only after a request in it has succeeded, so that a request that is refused for
//! another reason changes nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{endpoint::Endpoint, schema::Strength};

/// The optional features of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The structured output that is requested; `None` requests none. Without a schema, the prompt has it.
    pub schema: Option<Strength>,
    /// Whether to request token log-probabilities.
    pub logprobs: bool,
    /// Whether to set the temperature, which reasoning models refuse.
    pub temperature: bool,
    /// Whether to ask for little reasoning.
    pub terse: bool,
}

impl Manner {
    /// The manner to try first with an unknown endpoint.
    #[must_use]
    pub const fn first(endpoint: &Endpoint) -> Self {
        let (logprobs, terse) = (endpoint.dialect.has_logprobs(), endpoint.effort.is_some());
        Self { schema: Some(endpoint.strength), logprobs, temperature: true, terse }
    }

    /// Whether the prompt includes the schema.
    #[must_use]
    pub const fn schema_inside(self) -> bool {
        matches!(self.schema, None | Some(Strength::Object))
    }

    /// The manner to try after a refusal; `None` if nothing more can be left out, or if the refusal is about the
    /// content.
    #[must_use]
    pub fn after(self, refusal: &str) -> Option<Self> {
        let refusal = refusal.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| refusal.contains(word));
        if is_about_content(&refusal) {
            return None;
        }
        if self.logprobs && names(&["logprob"]) {
            return Some(Self { logprobs: false, ..self });
        }
        if self.temperature && names(&["temperature"]) {
            return Some(Self { temperature: false, ..self });
        }
        if self.terse && names(REASONING) {
            return Some(Self { terse: false, ..self });
        }
        match self.schema {
            // Strict modes refuse limits of lengths.
            Some(Strength::Bounded) if names(&["length"]) => Some(Self { schema: Some(Strength::Strict), ..self }),
            Some(_) if names(STRUCTURED) => Some(Self { schema: None, ..self }),
            Some(Strength::Bounded) => Some(Self { schema: Some(Strength::Strict), ..self }),
            Some(Strength::Strict | Strength::Object) => Some(Self { schema: None, ..self }),
            None if self.logprobs => Some(Self { logprobs: false, ..self }),
            None if self.terse => Some(Self { terse: false, ..self }),
            None if self.temperature => Some(Self { temperature: false, ..self }),
            None => None,
        }
    }
}

/// Words of a refusal that is about the amount of reasoning.
pub const REASONING: &[&str] = &["effort", "thinking", "reasoning"];
/// Words of a refusal that is about structured output.
pub const STRUCTURED: &[&str] = &[
    "response_format",
    "response format",
    "output_config",
    "output_format",
    "json_schema",
    "jsonschema",
    "json mode",
    "structured output",
];

/// Returns whether a refusal, in lower case, is about the content, so that leaving out features does not help.
#[must_use]
pub fn is_about_content(refusal: &str) -> bool {
    ["context length", "context size", "context window", "too long", "too large", "content policy"]
        .iter()
        .any(|word| refusal.contains(word))
}

/// The remembered manners of all endpoints. Cheap to clone; clones share the same data.
///
/// Not `Debug`: an endpoint's address may contain a password.
#[derive(Clone)]
pub struct Manners<M>(Arc<Mutex<HashMap<String, M>>>);

impl<M> Default for Manners<M> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<M: Copy> Manners<M> {
    /// The remembered manner of an endpoint; `None` if it is unknown.
    #[must_use]
    pub fn of(&self, endpoint: &str) -> Option<M> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).copied()
    }

    /// Remembers the manner of an endpoint.
    pub fn remember(&self, endpoint: String, manner: M) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint, manner);
    }
}
