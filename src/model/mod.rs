//! Language models: the builtin describer and the providers.
//!
//! [`ProviderModels`] opens a profile. A request becomes a `brief` (keys from `subjects`, facts from `facts` or
//! `container`). `prompt`, with the texts of `prompts`, and `schema` turn the brief into the provider's request, which
//! `endpoint`, `dialect`, `manner`, `wire` and `refusal` handle. `answer` reads the reply with `thoughts`, `lenient`,
//! `entry` and `text`, `logprobs` adds the log-probabilities, and the result is drafts. Questions about databases use
//! `converse`, with the prompts of `conversation`, and `judge` compares texts.
//!
//! The rule: a provider's answer is data, its size is bounded by what was asked for, and no text contains the API key.
//! To add a provider, see `endpoint.rs`; another wire format gets a file in `dialect/`.

mod answer;
mod brief;
pub mod builtin;
mod container;
mod conversation;
mod converse;
mod dialect;
mod endpoint;
mod entry;
mod facts;
mod judge;
mod lenient;
mod logprobs;
mod manner;
mod metered;
mod prompt;
mod prompts;
mod provider;
mod refusal;
#[cfg(test)]
mod sample;
mod schema;
mod subjects;
mod text;
mod thoughts;
mod tokens;
mod unescape;
mod wire;
mod yaml;

pub use self::metered::MeteredModels;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;

use self::{
    builtin::BuiltinConverser,
    converse::{AskManner, ProviderConverser},
    endpoint::Endpoint,
    judge::ProviderJudge,
    manner::{Manner, Manners},
    provider::{Probed, ProviderDescriber},
    wire::Wire,
};
use crate::{
    domain::profile::{LlmProfile, LlmProvider},
    port::{
        converse::Converser,
        environment::EnvNames,
        judge::Judge,
        model::{Describer, ModelError, Models},
    },
};

/// Time limit of a request to a model.
const TIME_LIMIT: Duration = Duration::from_mins(3);
/// Time limit for connecting to a provider.
const CONNECT_TIME_LIMIT: Duration = Duration::from_secs(10);

/// The models of profiles: the builtin describer and those of providers, which share one connection pool.
pub struct ProviderModels {
    builtin: Arc<dyn Describer>,
    /// The environment variables that may hold API keys.
    names: EnvNames,
    time_limit: Duration,
    wire: OnceLock<Wire>,
    manners: Manners<Manner>,
    ask_manners: Manners<AskManner>,
}

impl ProviderModels {
    /// Creates the models with `builtin` for profiles of provider BUILTIN. `names` are the environment variables that
    /// may hold API keys.
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

    /// Sets another time limit for requests.
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    fn provider(&self, profile: &LlmProfile) -> Result<ProviderDescriber, ModelError> {
        let endpoint = Endpoint::of(profile, &self.names)?;
        Ok(ProviderDescriber::new(self.wire()?, endpoint, profile, self.manners.clone()))
    }

    /// Returns the client, created on first use so that a server with only the builtin describer needs no certificates.
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
    // An error means that another part of the process has already installed a provider, which works as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(time_limit)
        .connect_timeout(CONNECT_TIME_LIMIT)
        .tcp_nodelay(true)
        // A redirected POST would arrive as a GET, or would send the key to another address.
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

    fn open_judge(&self, profile: &LlmProfile) -> Result<Arc<dyn Judge>, ModelError> {
        if profile.settings.provider == LlmProvider::Builtin {
            return Err(ModelError::Misconfigured(
                "the builtin describer cannot judge texts; choose the LLM profile of a language model".into(),
            ));
        }
        Ok(Arc::new(ProviderJudge::new(self.provider(profile)?)))
    }

    async fn test(&self, profile: &LlmProfile) -> Result<String, ModelError> {
        if profile.settings.provider == LlmProvider::Builtin {
            return Ok("the builtin describer is ready; it needs no network".into());
        }
        let Probed { duration, note } = self.provider(profile)?.probe().await?;
        let answered = format!("{} answered in {} ms", profile.settings.model, duration.as_millis());
        Ok(note.map_or_else(|| answered.clone(), |note| format!("{answered}, but {note}")))
    }
}
