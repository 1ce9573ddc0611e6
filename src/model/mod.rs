//! Language models: the describer that comes with Gloss, and the providers.
//!
//! [`ProviderModels`] opens a profile. A request becomes a `question` (keys of `subjects`, `facts`) → `prompt` and
//! `schema` → the provider (`wire`, `endpoint`, `manner`, `refusal`) → `answer` (by way of `thoughts`, `lenient`,
//! `entry` and `text`) and `logprobs` → drafts. A question about databases goes by `converse`, with the prompts of
//! `conversation`. The rule: a provider's answer is data, bounded by what was asked for, and the key is in no text. To
//! add a provider that speaks OpenAI's chat completions, add its line in `endpoint.rs`; another protocol gets a folder
//! beside `wire`.

mod answer;
mod brief;
pub mod builtin;
mod container;
mod conversation;
mod converse;
mod endpoint;
mod entry;
mod facts;
mod lenient;
mod logprobs;
mod manner;
mod prompt;
mod provider;
mod refusal;
#[cfg(test)]
mod sample;
mod schema;
mod subjects;
mod text;
mod thoughts;
mod unescape;
mod wire;
mod yaml;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;

use self::{
    builtin::BuiltinConverser,
    converse::{AskManner, ProviderConverser},
    endpoint::Endpoint,
    manner::{Manner, Manners},
    provider::ProviderDescriber,
    wire::Wire,
};
use crate::{
    domain::profile::{LlmProfile, LlmProvider},
    port::{
        converse::Converser,
        environment::EnvNames,
        model::{Describer, ModelError, Models},
    },
};

/// How long a request to a model may take.
const TIME_LIMIT: Duration = Duration::from_mins(3);
/// How long it may take to reach a provider.
const CONNECT_TIME_LIMIT: Duration = Duration::from_secs(10);

/// The models that profiles name: the builtin describer and those of providers, over one pool of connections.
pub struct ProviderModels {
    builtin: Arc<dyn Describer>,
    /// The environment variables that keys may come from.
    names: EnvNames,
    time_limit: Duration,
    wire: OnceLock<Wire>,
    manners: Manners<Manner>,
    ask_manners: Manners<AskManner>,
}

impl ProviderModels {
    /// With the describer that profiles of provider BUILTIN get. Keys may come from environment variables with these
    /// names.
    #[must_use]
    pub fn new(builtin: Arc<dyn Describer>, names: EnvNames) -> Self {
        Self {
            builtin,
            names,
            time_limit: TIME_LIMIT,
            wire: OnceLock::new(),
            manners: Manners::default(),
            ask_manners: Manners::default(),
        }
    }

    /// The same with another time limit for requests.
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    fn provider(&self, profile: &LlmProfile) -> Result<ProviderDescriber, ModelError> {
        let endpoint = Endpoint::of(profile, &self.names)?;
        Ok(ProviderDescriber::new(self.wire()?, endpoint, profile, self.manners.clone()))
    }

    /// Made on first use, so that a server which knows the builtin describer alone needs no certificates.
    fn wire(&self) -> Result<Wire, ModelError> {
        if let Some(wire) = self.wire.get() {
            return Ok(wire.clone());
        }
        let client = web_client(self.time_limit).map_err(|error| {
            ModelError::Misconfigured(format!("cannot create an HTTP client for providers: {error}"))
        })?;
        Ok(self.wire.get_or_init(|| Wire::new(client)).clone())
    }
}

fn web_client(time_limit: Duration) -> reqwest::Result<reqwest::Client> {
    // An error says that another part of the process has installed one already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(time_limit)
        .connect_timeout(CONNECT_TIME_LIMIT)
        .tcp_nodelay(true)
        // A redirected POST would arrive as a GET, or with the key at another place.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("gloss/", env!("CARGO_PKG_VERSION")))
        .build()
}

#[async_trait]
impl Models for ProviderModels {
    fn open(&self, profile: &LlmProfile) -> Result<Arc<dyn Describer>, ModelError> {
        if profile.settings.provider == LlmProvider::Builtin {
            return Ok(Arc::clone(&self.builtin));
        }
        Ok(Arc::new(self.provider(profile)?))
    }

    fn open_converser(&self, profile: &LlmProfile) -> Result<Arc<dyn Converser>, ModelError> {
        if profile.settings.provider == LlmProvider::Builtin {
            return Ok(Arc::new(BuiltinConverser));
        }
        Ok(Arc::new(ProviderConverser::new(self.provider(profile)?, self.ask_manners.clone())))
    }

    async fn test(&self, profile: &LlmProfile) -> Result<String, ModelError> {
        if profile.settings.provider == LlmProvider::Builtin {
            return Ok("the builtin describer is ready; it needs no network".into());
        }
        let duration = self.provider(profile)?.probe().await?;
        Ok(format!("{} answered in {} ms", profile.settings.model, duration.as_millis()))
    }
}
