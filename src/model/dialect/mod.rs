//! The wire formats of providers.
//!
//! The rule: Gloss writes requests and reads answers as OpenAI's chat completions, which most providers speak. A
//! dialect translates them: the address, the headers, the request, and each answer or event of a stream. A dialect adds
//! nothing to a request and drops only what its provider cannot do. It translates what it knows of an answer;
//! everything else stays as it is, so that errors and strange answers are read by the same code for all providers.
//!
//! To add a wire format, add a file here and a variant to [`Dialect`].

mod anthropic;
mod gemini;
mod openai;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

pub use openai::reasons;

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's chat completions.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
}

impl Dialect {
    /// Normalizes the path of a base URL that a person wrote: with or without the version, a trailing slash, or the
    /// whole path of a request. The result ends with a slash.
    pub fn base_path(self, path: &str) -> String {
        let path = path.trim_end_matches('/');
        match self {
            Self::OpenAi => based(path, "/chat/completions", "/v1", false),
            Self::Anthropic => based(path, "/messages", "/v1", true),
            Self::Gemini => based(path, "/models", "/v1beta", false),
        }
    }

    /// Returns the URL of a request to a model.
    pub fn url(self, base: &Url, model: &str, streams: bool) -> Url {
        match self {
            Self::OpenAi => below(base, "chat/completions"),
            Self::Anthropic => below(base, "messages"),
            Self::Gemini => gemini::url(base, model, streams),
        }
    }

    /// Returns the headers that authenticate a request. `None` sends it without a key.
    pub fn headers(self, key: Option<&SecretString>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self == Self::Anthropic {
            headers.insert(anthropic::VERSION.0, HeaderValue::from_static(anthropic::VERSION.1));
        }
        let (name, prefix) = match self {
            Self::OpenAi => (AUTHORIZATION, "Bearer "),
            Self::Anthropic => (HeaderName::from_static("x-api-key"), ""),
            Self::Gemini => (HeaderName::from_static("x-goog-api-key"), ""),
        };
        // A key that is no header value was refused when it was read.
        if let Some(key) = key
            && let Ok(mut value) = HeaderValue::from_str(&format!("{prefix}{}", key.expose_secret()))
        {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers
    }

    /// Returns what its answers are called, for messages.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::OpenAi => "a chat completion",
            Self::Anthropic => "a message of Anthropic's API",
            Self::Gemini => "an answer of Gemini's API",
        }
    }

    /// Returns whether its answers can have log-probabilities.
    pub const fn has_logprobs(self) -> bool {
        match self {
            Self::OpenAi | Self::Gemini => true,
            Self::Anthropic => false,
        }
    }

    /// Translates a request from a chat completion.
    pub fn request(self, completion: Value) -> Value {
        match self {
            Self::OpenAi => openai::request(completion),
            Self::Anthropic => anthropic::request(&completion),
            Self::Gemini => gemini::request(&completion),
        }
    }

    /// Translates an answer to a chat completion.
    pub fn answer(self, answer: Value) -> Value {
        match self {
            Self::OpenAi => answer,
            Self::Anthropic => anthropic::answer(answer),
            Self::Gemini => gemini::answer(answer),
        }
    }

    /// Translates an event of a stream to a chunk of a chat completion.
    pub fn event(self, event: Value) -> Value {
        match self {
            Self::OpenAi => event,
            Self::Anthropic => anthropic::event(event),
            // Each event is an answer with the next pieces.
            Self::Gemini => gemini::answer(event),
        }
    }
}

/// The path without the end of a request's path. `version` is added to an empty path, or, if `always`, to every path
/// that does not end with it.
fn based(path: &str, request: &str, version: &str, always: bool) -> String {
    let path = path.strip_suffix(request).unwrap_or(path).trim_end_matches('/');
    if path.is_empty() || (always && !path.ends_with(version)) {
        format!("{path}{version}/")
    } else {
        format!("{path}/")
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

/// The messages of a chat completion, and the texts of its system messages as one.
fn split(completion: &Value) -> (String, impl Iterator<Item = &Value>) {
    let messages = || completion["messages"].as_array().into_iter().flatten();
    let is_system = |message: &&Value| message["role"] == "system";
    let system: Vec<&str> = messages().filter(is_system).filter_map(|message| message["content"].as_str()).collect();
    (system.join("\n\n"), messages().filter(move |message| !is_system(message)))
}

/// Appends a message. Providers that require alternating roles get consecutive messages of one role as one.
fn push(messages: &mut Vec<Value>, role: &str, parts_name: &str, parts: Vec<Value>) {
    if parts.is_empty() {
        return;
    }
    if let Some(last) = messages.last_mut().filter(|last| last["role"] == role)
        && let Some(known) = last[parts_name].as_array_mut()
    {
        known.extend(parts);
        return;
    }
    messages.push(serde_json::json!({ "role": role, parts_name: parts }));
}

/// The arguments of a tool call as JSON. A chat completion holds them as text.
fn arguments(call: &Value) -> Value {
    let arguments = &call["function"]["arguments"];
    let parsed = arguments.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    parsed.filter(Value::is_object).unwrap_or_else(|| serde_json::json!({}))
}

/// Removes keywords of JSON schema that a provider refuses, at every level.
fn without(schema: &mut Value, keywords: &[&str]) {
    match schema {
        Value::Object(map) => {
            map.retain(|keyword, _| !keywords.contains(&keyword.as_str()));
            map.values_mut().for_each(|value| without(value, keywords));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, keywords)),
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_people_write_them() {
        for (dialect, written, read) in [
            (Dialect::OpenAi, "", "/v1/"),
            (Dialect::OpenAi, "/v1/chat/completions/", "/v1/"),
            (Dialect::OpenAi, "/openai", "/openai/"),
            (Dialect::Anthropic, "/", "/v1/"),
            (Dialect::Anthropic, "/v1/messages", "/v1/"),
            (Dialect::Anthropic, "/anthropic", "/anthropic/v1/"),
            (Dialect::Gemini, "", "/v1beta/"),
            (Dialect::Gemini, "/v1beta/models/", "/v1beta/"),
            (Dialect::Gemini, "/v1", "/v1/"),
        ] {
            assert_eq!(dialect.base_path(written), read, "{dialect:?} {written}");
        }
    }
}
