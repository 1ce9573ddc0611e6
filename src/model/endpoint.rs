//! The endpoint of a profile's model: its address, its API key, and what its provider requires.
//!
//! To add a provider with OpenAI's chat completions, add a line to [`provider`].

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    domain::profile::{LlmProfile, LlmProvider, NewLlmProfile},
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
    /// Whether the provider is OpenAI itself, whose strict mode rejects schemas with length limits.
    pub strict: bool,
    base: Url,
    key: Option<SecretString>,
    key_need: KeyNeed,
    names: EnvNames,
}

/// The provider's default address, and whether it requires a key. The address is `None` if the profile must give it.
/// Returns `None` for providers that this version does not support.
const fn provider(provider: LlmProvider) -> Option<(Option<&'static str>, KeyNeed)> {
    match provider {
        LlmProvider::OpenAi => Some((Some("https://api.openai.com/v1/"), KeyNeed::Needed)),
        LlmProvider::OpenAiCompatible => Some((None, KeyNeed::Optional)),
        _ => None,
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
    /// Returns [`ModelError::Misconfigured`] if the profile is incomplete or its provider is not supported.
    pub fn of(profile: &LlmProfile, names: &EnvNames) -> Result<Self, ModelError> {
        let NewLlmProfile { name, provider, model, base_url, api_key, .. } = &profile.settings;
        let wrong = |what: String| ModelError::Misconfigured(format!("LLM profile `{name}` {what}"));
        let Some((usual, key_need)) = self::provider(*provider) else {
            let supported: Vec<&str> = LlmProvider::ALL
                .iter()
                .filter(|provider| **provider == LlmProvider::Builtin || self::provider(**provider).is_some())
                .map(|provider| provider.as_str())
                .collect();
            return Err(wrong(format!(
                "has provider {}, which this version does not support; choose one of {}",
                provider.as_str(),
                supported.join(", ")
            )));
        };
        if model.trim().is_empty() {
            return Err(wrong("has no model; set `model` as the provider spells it".into()));
        }
        let Some(base) = base_url.as_deref().map(str::trim).filter(|url| !url.is_empty()).or(usual) else {
            return Err(wrong("has no base URL; set `baseUrl`, for example to http://127.0.0.1:11434/v1".into()));
        };
        if let Some(variable) = api_key.as_ref().and_then(variable) {
            names.check(variable).map_err(|error| wrong(format!("takes its API key from {error}")))?;
        }
        Ok(Self {
            profile: name.clone(),
            model: model.trim().to_owned(),
            strict: *provider == LlmProvider::OpenAi,
            base: base_of(base).map_err(wrong)?,
            key: api_key.clone().filter(|key| !key.expose_secret().trim().is_empty()),
            key_need,
            names: names.clone(),
        })
    }

    /// The value of the API key. For `env:NAME`, the environment is read on each call. `None` if the profile has no key
    /// and its provider requires none.
    ///
    /// # Errors
    /// Returns [`ModelError::KeyRefused`] if a required key is missing or the key is invalid.
    pub fn key(&self) -> Result<Option<SecretString>, ModelError> {
        let missing = |what: String| ModelError::KeyRefused(format!("LLM profile `{}` {what}", self.profile));
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

    /// The URL of the chat completions.
    #[must_use]
    pub fn completions(&self) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}chat/completions", self.base.path()));
        url
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
        format!("{} {}", self.base, self.model)
    }
}

/// Normalizes a base URL. It may be given with or without `/v1` or a trailing slash, or with the whole path of the
/// completions.
fn base_of(text: &str) -> Result<Url, String> {
    let mut url =
        Url::parse(text).map_err(|_| "has an invalid base URL; write it as in http://127.0.0.1:11434/v1".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("has a base URL that does not begin with http:// or https://; correct it".to_owned());
    }
    let path = url.path().trim_end_matches('/').trim_end_matches("/chat/completions").trim_end_matches('/');
    let path = if path.is_empty() { "/v1/".to_owned() } else { format!("{path}/") };
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
            assert_eq!(base_of(written).unwrap().as_str(), read);
        }
        for wrong in ["localhost:8390", "file:///tmp/x", "nonsense", ""] {
            assert!(base_of(wrong).is_err(), "{wrong:?}");
        }
    }
}
