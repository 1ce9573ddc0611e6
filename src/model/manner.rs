//! In what manner an endpoint takes a request: which of the optional things it knows. Found out by asking with
//! all of them, leaving out what it refuses, and remembered for the endpoint.
//!
//! The rule: only what made a refused request pass is remembered, so that a request refused for another reason
//! changes nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::schema::Strength;

/// The optional things of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// The schema beside the prompt; `None` puts it into the prompt.
    pub schema: Option<Strength>,
    /// Whether token log-probabilities are asked for.
    pub logprobs: bool,
    /// Whether the temperature is set: reasoning models refuse that.
    pub temperature: bool,
}

impl Manner {
    /// What to try with an endpoint that nothing is known of.
    #[must_use]
    pub const fn first(strict: bool) -> Self {
        let schema = if strict { Strength::Strict } else { Strength::Bounded };
        Self { schema: Some(schema), logprobs: true, temperature: true }
    }

    /// What to try after a refusal; `None` where nothing is left to leave out, or the refusal is not about that.
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
        match self.schema {
            Some(_) if names(&["response_format", "response format"]) => Some(Self { schema: None, ..self }),
            Some(Strength::Bounded) => Some(Self { schema: Some(Strength::Strict), ..self }),
            Some(Strength::Strict) => Some(Self { schema: None, ..self }),
            None if self.logprobs => Some(Self { logprobs: false, ..self }),
            None if self.temperature => Some(Self { temperature: false, ..self }),
            None => None,
        }
    }
}

/// Whether a refusal, in lower case, is about what was said, so that leaving something out does not help.
#[must_use]
pub fn is_about_content(refusal: &str) -> bool {
    ["context length", "context size", "context window", "too long", "too large", "content policy"]
        .iter()
        .any(|word| refusal.contains(word))
}

/// What is remembered of each endpoint. Cheap to clone; clones share it.
///
/// Not `Debug`: an endpoint's address may hold a password.
#[derive(Clone)]
pub struct Manners<M>(Arc<Mutex<HashMap<String, M>>>);

impl<M> Default for Manners<M> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<M: Copy> Manners<M> {
    /// The manner that an endpoint is known to take.
    #[must_use]
    pub fn of(&self, endpoint: &str) -> Option<M> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).copied()
    }

    /// Remembers one.
    pub fn remember(&self, endpoint: String, manner: M) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint, manner);
    }
}
