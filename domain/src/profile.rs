//! Profiles: the named connections to databases and language models.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Error, Result,
    clock::Moment,
    id::{DbProfileId, LlmProfileId},
    pattern::TablePattern,
    price::Price,
    spelling::spelled,
    usage::Budget,
};

/// The kinds of database that Gloss can describe. MariaDB counts as `MySql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbBackend {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
}

spelled!(DbBackend { Sqlite => "SQLITE", Postgres => "POSTGRES", MySql => "MYSQL" });

/// A named connection to a target.
#[derive(Debug, Clone)]
pub struct DbProfile {
    /// Its key.
    pub id: DbProfileId,
    /// Its name, unique.
    pub name: String,
    /// The kind of database.
    pub backend: DbBackend,
    /// The connection URL, including the password.
    pub url: SecretString,
    /// The one database that the profile covers; `None` covers all that the login can reach.
    pub pinned_database: Option<String>,
    /// What the database is about. This text is part of every prompt.
    pub about: Option<String>,
    /// Tables that runs exclude unless a scope names them.
    pub exclude: Vec<TablePattern>,
    /// Whether to read sample values even where this runs code of the database's owners with the login's rights:
    /// through views and foreign tables, and past row-level security policies.
    pub sample_views: bool,
    /// The time of creation.
    pub created_at: Moment,
}

impl DbProfile {
    /// Returns whether both profiles lead to the same database, as far as their settings tell.
    #[must_use]
    pub fn same_database(&self, other: &Self) -> bool {
        self.backend == other.backend
            && self.url.expose_secret() == other.url.expose_secret()
            && self.pinned_database == other.pinned_database
    }
}

/// A DB profile to be created.
#[derive(Debug, Clone)]
pub struct NewDbProfile {
    /// See [`DbProfile::name`].
    pub name: String,
    /// See [`DbProfile::backend`].
    pub backend: DbBackend,
    /// See [`DbProfile::url`].
    pub url: SecretString,
    /// See [`DbProfile::pinned_database`].
    pub pinned_database: Option<String>,
    /// See [`DbProfile::about`].
    pub about: Option<String>,
    /// See [`DbProfile::exclude`].
    pub exclude: Vec<TablePattern>,
    /// See [`DbProfile::sample_views`].
    pub sample_views: bool,
}

impl NewDbProfile {
    /// Adds the key and the time of creation.
    #[must_use]
    pub fn at(self, id: DbProfileId, created_at: Moment) -> DbProfile {
        let Self { name, backend, url, pinned_database, about, exclude, sample_views } = self;
        DbProfile { id, name, backend, url, pinned_database, about, exclude, sample_views, created_at }
    }
}

/// The provider of a language model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LlmProvider {
    /// The describer that is part of Gloss. It needs no key and no network.
    Builtin,
    /// OpenAI.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google Gemini.
    Gemini,
    /// DeepSeek.
    DeepSeek,
    /// OpenRouter.
    OpenRouter,
    /// Ollama.
    Groq,
    /// A local Ollama.
    Ollama,
    /// Any endpoint with an API that is compatible with OpenAI's chat completions.
    OpenAiCompatible,
}

spelled!(LlmProvider {
    Builtin => "BUILTIN", OpenAi => "OPENAI", Anthropic => "ANTHROPIC", Gemini => "GEMINI", DeepSeek => "DEEPSEEK",
    OpenRouter => "OPENROUTER", Groq => "GROQ", Ollama => "OLLAMA", OpenAiCompatible => "OPENAI_COMPATIBLE",
});

/// A named provider, model, key and limits.
#[derive(Debug, Clone)]
pub struct LlmProfile {
    /// Its key.
    pub id: LlmProfileId,
    /// Its settings; see [`NewLlmProfile`].
    pub settings: NewLlmProfile,
    /// The time of creation.
    pub created_at: Moment,
}

/// An LLM profile to be created, or the settings of an existing one.
#[derive(Debug, Clone)]
pub struct NewLlmProfile {
    /// Its name, unique.
    pub name: String,
    /// The provider.
    pub provider: LlmProvider,
    /// The model, as the provider spells it.
    pub model: String,
    /// The address of the provider; `None` for its default address.
    pub base_url: Option<String>,
    /// The API key, or `env:NAME` for the environment variable that holds it.
    pub api_key: Option<SecretString>,
    /// Whether runs that name no profile use this one. At most one profile is the default.
    pub is_default: bool,
    /// Maximum number of concurrent requests.
    pub concurrency: i32,
    /// Maximum number of requests in any 60 seconds; `None` is no limit.
    pub requests_per_minute: Option<i32>,
    /// Price in US dollars; `None` takes the one in the table of prices.
    pub input_cost_per_million_tokens: Option<f64>,
    /// Price of input from the provider's prompt cache in US dollars; `None` takes the one in the table of prices, or
    /// that of other input.
    pub cached_input_cost_per_million_tokens: Option<f64>,
    /// Price in US dollars; `None` takes the one in the table of prices.
    pub output_cost_per_million_tokens: Option<f64>,
}

impl NewLlmProfile {
    /// Checks that the model's price is known if the budget limits the cost. `argument` is the budget's path.
    ///
    /// # Errors
    /// Returns `BadInput` at the limit if a price is unknown.
    pub fn check_price(&self, budget: &Budget, argument: &str) -> Result<()> {
        if budget.max_cost_usd.is_none() || Price::of(self).is_some() {
            return Ok(());
        }
        let message = format!(
            "the price of {:?} is unknown, so its cost cannot be limited; set both prices on the LLM profile, or limit \
             `maxTokens` or `maxSeconds`",
            self.name
        );
        Err(Error::bad_input(format!("{argument}.maxCostUsd"), message))
    }
}
