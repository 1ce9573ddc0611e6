//! The endpoint of a profile's model: its address, its API key, and what its provider requires.
//!
//! To add a provider, add its lines to [`usual`] and [`effort`]; another wire format goes into `dialect`.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{
    dialect::{Dialect, reasons},
    schema::Strength,
};
use crate::{
    domain::{
        price::marks_cache,
        profile::{LlmProfile, LlmProvider, NewLlmProfile},
    },
    port::{environment::EnvNames, model::ModelError},
};

/// A model at an address. An API key that is read from the environment is not stored.
///
/// Not `Debug`: the address may contain a password.
#[derive(Clone)]
pub struct Endpoint {
    /// The profile's name, for messages.
    pub profile: String,
    /// The model, as the provider spells it.
    pub model: String,
    /// The wire format.
    pub dialect: Dialect,
    /// The structured output to try first.
    pub strength: Strength,
    /// The fields of a request, in the endpoint's format, that ask for little reasoning, which is billed as output.
    /// `None` if the model is not known to reason.
    pub effort: Option<Value>,
    /// Whether the model reads from its prompt cache only what a request marks.
    pub marks_cache: bool,
    base: Url,
    key: Option<SecretString>,
    key_need: KeyNeed,
    names: EnvNames,
}

/// What is usual for a provider.
struct Usual {
    /// The address; `None` if the profile must give it.
    base: Option<&'static str>,
    key_need: KeyNeed,
    dialect: Dialect,
    strength: Strength,
}

/// What is usual for a provider; `None` for the builtin describer, which has no endpoint.
const fn usual(provider: LlmProvider) -> Option<Usual> {
    use Dialect::{Anthropic, Gemini, OpenAi};
    use KeyNeed::{Needed, Optional};
    use Strength::{Bounded, Object, Strict};
    let (base, key_need, dialect, strength) = match provider {
        LlmProvider::Builtin => return None,
        LlmProvider::OpenAi => (Some("https://api.openai.com/v1/"), Needed, OpenAi, Strict),
        LlmProvider::Anthropic => (Some("https://api.anthropic.com/v1/"), Needed, Anthropic, Strict),
        LlmProvider::Gemini => (Some("https://generativelanguage.googleapis.com/v1beta/"), Needed, Gemini, Strict),
        LlmProvider::DeepSeek => (Some("https://api.deepseek.com/v1/"), Needed, OpenAi, Object),
        LlmProvider::OpenRouter => (Some("https://openrouter.ai/api/v1/"), Needed, OpenAi, Strict),
        LlmProvider::Groq => (Some("https://api.groq.com/openai/v1/"), Needed, OpenAi, Strict),
        LlmProvider::Ollama => (Some("http://127.0.0.1:11434/v1/"), Optional, OpenAi, Bounded),
        LlmProvider::OpenAiCompatible => (None, Optional, OpenAi, Bounded),
    };
    Some(Usual { base, key_need, dialect, strength })
}

/// The fields that ask a model for little reasoning; see [`Endpoint::effort`].
fn effort(provider: LlmProvider, model: &str) -> Option<Value> {
    let has = |names: &[&str]| names.iter().any(|name| model.contains(name));
    let low = || json!({ "reasoning_effort": "low" });
    match provider {
        LlmProvider::OpenAi | LlmProvider::OpenAiCompatible => reasons(model).then(low),
        LlmProvider::Groq => has(&["gpt-oss"]).then(low),
        LlmProvider::OpenRouter => Some(json!({ "reasoning": { "effort": "low" } })),
        LlmProvider::DeepSeek => Some(json!({ "thinking": { "type": "disabled" } })),
        LlmProvider::Anthropic => Some(json!({ "output_config": { "effort": "low" } })),
        LlmProvider::Gemini => {
            let config = match () {
                () if has(&["gemini-1", "gemini-2.0", "gemma"]) => return None,
                // The smallest amount that this model accepts.
                () if has(&["gemini-2.5-pro"]) => json!({ "thinkingBudget": 128 }),
                () if has(&["gemini-2.5"]) => json!({ "thinkingBudget": 0 }),
                () => json!({ "thinkingLevel": "LOW" }),
            };
            Some(json!({ "generationConfig": { "thinkingConfig": config } }))
        }
        LlmProvider::Builtin | LlmProvider::Ollama => None,
    }
}

/// Whether a provider requires an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyNeed {
    Needed,
    Optional,
}

/// The environment variable that a key refers to; `None` if the key is the value itself.
fn variable(key: &SecretString) -> Option<&str> {
    key.expose_secret().trim().strip_prefix("env:").map(str::trim)
}

impl Endpoint {
    /// Creates the endpoint of a profile.
    ///
    /// # Errors
    /// Returns [`ModelError::Misconfigured`] if the profile is incomplete.
    pub fn of(profile: &LlmProfile, names: &EnvNames) -> Result<Self, ModelError> {
        let NewLlmProfile { name, provider, model, base_url, api_key, .. } = &profile.settings;
        let wrong = |what: String| ModelError::Misconfigured(format!("LLM profile `{name}` {what}"));
        let Some(usual) = usual(*provider) else {
            return Err(wrong("has provider BUILTIN, which has no endpoint; choose another provider".into()));
        };
        let Usual { dialect, strength, key_need, .. } = usual;
        if model.trim().is_empty() {
            return Err(wrong("has no model; set `model` as the provider spells it".into()));
        }
        let Some(base) = base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()).or(usual.base) else {
            return Err(wrong("has no base URL; set `baseUrl`, for example to http://127.0.0.1:11434/v1".into()));
        };
        if let Some(variable) = api_key.as_ref().and_then(variable) {
            names.check(variable).map_err(|error| wrong(format!("takes its API key from {error}")))?;
        }
        Ok(Self {
            profile: name.clone(),
            model: model.trim().to_owned(),
            dialect,
            strength,
            effort: effort(*provider, model),
            marks_cache: marks_cache(*provider, model),
            base: base_of(base, dialect).map_err(wrong)?,
            key: api_key.clone().filter(|key| !key.expose_secret().trim().is_empty()),
            key_need,
            names: names.clone(),
        })
    }

    /// The value of the API key. For `env:NAME`, the environment is read on each call. `None` if the profile has no key
    /// and its provider requires none.
    ///
    /// # Errors
    /// Returns [`ModelError::NoKey`] if a required key is missing or the key is invalid.
    pub fn key(&self) -> Result<Option<SecretString>, ModelError> {
        let missing = |what: String| ModelError::NoKey(format!("LLM profile `{}` {what}", self.profile));
        let Some(key) = &self.key else {
            return if self.key_need == KeyNeed::Optional {
                Ok(None)
            } else {
                Err(missing("has no API key; set `apiKey` to the key or to `env:NAME`".into()))
            };
        };
        let value = match variable(key) {
            None => key.clone(),
            Some(variable) => {
                self.names.read(variable).map_err(|error| missing(format!("takes its API key from {error}")))?
            }
        };
        let value = value.expose_secret().trim();
        if value.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(Some(value.into()));
        }
        Err(missing("has an API key with invalid characters; set it again".into()))
    }

    /// The URL of a request.
    #[must_use]
    pub fn url(&self, streams: bool) -> Url {
        self.dialect.url(&self.base, &self.model, streams)
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Translates a chat completion to a request to this endpoint. If `terse`, it asks for little reasoning.
    #[must_use]
    pub fn request(&self, completion: Value, terse: bool) -> Value {
        let mut request = self.dialect.request(completion);
        if let Some(effort) = self.effort.as_ref().filter(|_| terse) {
            merge(&mut request, effort);
        }
        request
    }

    /// The address for people, without login and query.
    #[must_use]
    pub fn address(&self) -> String {
        let mut base = self.base.clone();
        let _ = base.set_username("");
        let _ = base.set_password(None);
        base.set_query(None);
        base.as_str().trim_end_matches('/').to_owned()
    }

    /// The key under which the endpoint's supported features are remembered.
    #[must_use]
    pub fn identity(&self) -> String {
        format!("{:?} {} {}", self.dialect, self.base, self.model)
    }
}

/// Merges fields into a value, object by object.
fn merge(into: &mut Value, fields: &Value) {
    match (into, fields) {
        (Value::Object(into), Value::Object(fields)) => {
            for (name, value) in fields {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, fields) => *into = fields.clone(),
    }
}

/// Normalizes a base URL. It may be given with or without the version or a trailing slash, or with the whole path of a
/// request.
fn base_of(text: &str, dialect: Dialect) -> Result<Url, String> {
    let mut url =
        Url::parse(text).map_err(|_| "has an invalid base URL; write it as in http://127.0.0.1:11434/v1".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("has a base URL that does not begin with http:// or https://; correct it".to_owned());
    }
    let path = dialect.base_path(url.path());
    url.set_path(&path);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_as_people_write_them() {
        for (written, read) in [
            ("http://127.0.0.1:8390", "http://127.0.0.1:8390/v1/"),
            ("http://127.0.0.1:8390/", "http://127.0.0.1:8390/v1/"),
            ("http://127.0.0.1:8390/v1", "http://127.0.0.1:8390/v1/"),
            ("http://127.0.0.1:8390/v1/chat/completions/", "http://127.0.0.1:8390/v1/"),
            ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1/"),
            ("https://a.example/openai?api-version=1", "https://a.example/openai/?api-version=1"),
        ] {
            assert_eq!(base_of(written, Dialect::OpenAi).unwrap().as_str(), read);
        }
        for wrong in ["localhost:8390", "file:///tmp/x", "nonsense", ""] {
            assert!(base_of(wrong, Dialect::OpenAi).is_err(), "{wrong:?}");
        }
    }
}
