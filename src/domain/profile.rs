//! Profiles: the named connections to databases and to language models.

use secrecy::{ExposeSecret, SecretString};

use super::{
    Error, Result,
    clock::Moment,
    id::{DbProfileId, LlmProfileId},
    pattern::TablePattern,
    spelling::spelled,
    usage::Budget,
};

/// The kinds of database that can be described. MariaDB counts as `MySql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DbBackend {
    /// A file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
}

spelled!(DbBackend { Sqlite => "SQLITE", Postgres => "POSTGRES", MySql => "MYSQL" });

/// A named connection to a database to be described.
#[derive(Debug, Clone)]
pub struct DbProfile {
    /// Its key.
    pub id: DbProfileId,
    /// Its name, unique.
    pub name: String,
    /// What kind of database.
    pub backend: DbBackend,
    /// The connection URL, password included.
    pub url: SecretString,
    /// The one database in reach; `None` where all that the login reaches is.
    pub pinned_database: Option<String>,
    /// What the database is about; goes into every prompt.
    pub about: Option<String>,
    /// Tables that no run describes unless a scope names them.
    pub exclude: Vec<TablePattern>,
    /// Whether sample values are also read where that runs code of the database's owners with this login's rights:
    /// through views and foreign tables, and past row-level security policies.
    pub sample_views: bool,
    /// When it was made.
    pub created_at: Moment,
}

impl DbProfile {
    /// Whether both lead to the same database, as far as their settings tell.
    #[must_use]
    pub fn same_database(&self, other: &Self) -> bool {
        self.backend == other.backend
            && self.url.expose_secret() == other.url.expose_secret()
            && self.pinned_database == other.pinned_database
    }
}

/// A DB profile to be made.
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
    /// The profile that it makes.
    #[must_use]
    pub fn at(self, id: DbProfileId, created_at: Moment) -> DbProfile {
        let Self { name, backend, url, pinned_database, about, exclude, sample_views } = self;
        DbProfile { id, name, backend, url, pinned_database, about, exclude, sample_views, created_at }
    }
}

/// The service that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LlmProvider {
    /// The describer that comes with Gloss: no key, no network.
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
    /// Groq.
    Groq,
    /// A local Ollama.
    Ollama,
    /// Any endpoint that speaks OpenAI's chat completions.
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
    /// What it says; see [`NewLlmProfile`].
    pub settings: NewLlmProfile,
    /// When it was made.
    pub created_at: Moment,
}

/// An LLM profile to be made, or the settings of one.
#[derive(Debug, Clone)]
pub struct NewLlmProfile {
    /// Its name, unique.
    pub name: String,
    /// The service that answers.
    pub provider: LlmProvider,
    /// The model, as the provider spells it.
    pub model: String,
    /// Where the provider is; `None` for its usual address.
    pub base_url: Option<String>,
    /// The key, or `env:NAME`.
    pub api_key: Option<SecretString>,
    /// Whether it is taken when a run names none. At most one profile is.
    pub is_default: bool,
    /// Requests under way at once.
    pub concurrency: i32,
    /// Requests sent in any 60 seconds; `None` is no limit.
    pub requests_per_minute: Option<i32>,
    /// United States dollars; `None` where not known.
    pub input_cost_per_million_tokens: Option<f64>,
    /// United States dollars; `None` where not known.
    pub output_cost_per_million_tokens: Option<f64>,
}

impl NewLlmProfile {
    /// Refuses a limit of cost where the model's price is not known: BUILTIN costs nothing, others need both prices.
    /// `argument` is the budget's path.
    ///
    /// # Errors
    /// `BadInput` at the limit.
    pub fn check_price(&self, budget: &Budget, argument: &str) -> Result<()> {
        let known = self.provider == LlmProvider::Builtin
            || (self.input_cost_per_million_tokens.is_some() && self.output_cost_per_million_tokens.is_some());
        if budget.max_cost_usd.is_none() || known {
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
