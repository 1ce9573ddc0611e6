//! The two kinds of profile.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result};

use super::coverage::Coverage;
use crate::{
    domain::{base_url, clock::Moment, profile},
    graphql::{catalog::object::Database, context::services, ids::Key},
};

/// The kinds of database that can be described.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "profile::DbBackend")]
pub enum DbBackend {
    /// SQLite: a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    #[graphql(name = "MYSQL")]
    MySql,
}

/// A named connection to a database to be described.
#[derive(Clone)]
pub struct DbProfile(pub Arc<profile::DbProfile>);

/// A named connection to a database to be described.
#[Object]
impl DbProfile {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name, unique among DB profiles.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What kind of database it is.
    async fn backend(&self) -> DbBackend {
        self.0.backend.into()
    }

    /// The connection URL without its password.
    async fn display_url(&self, context: &Context<'_>) -> String {
        services(context).profiles.display_url(&self.0)
    }

    /// The one database in reach. Null where all that the login reaches is in reach.
    async fn pinned_database(&self, context: &Context<'_>) -> Option<String> {
        services(context).profiles.pinned_database(&self.0)
    }

    /// What this database is about, up to 4,000 characters. It goes into every prompt.
    async fn about(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// Patterns of tables that no run describes unless a scope names them.
    async fn exclude(&self) -> Vec<String> {
        self.0.exclude.iter().map(ToString::to_string).collect()
    }

    /// Whether sample values are also read where that runs code of the database's owners with this login's rights:
    /// through views and foreign tables, and past row-level security policies. False reads these only where all that
    /// they reach belongs to the login itself or to a superuser.
    async fn sample_views(&self) -> bool {
        self.0.sample_views
    }

    /// Whether the login may write comments. Null where the database cannot be reached.
    #[graphql(complexity = 20)]
    async fn can_write_comments(&self, context: &Context<'_>) -> Option<bool> {
        services(context).catalog.can_write_comments(&self.0).await
    }

    /// When the profile was made.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// How much of it is documented, from the catalog as it was last read: by a run over all of it, or by the first
    /// search or question that looked there. Null where it never was.
    #[graphql(complexity = "20 + child_complexity")]
    async fn coverage(&self, context: &Context<'_>) -> Result<Option<Coverage>> {
        Ok(services(context).ports.store.coverage(&self.0).await?.map(Into::into))
    }

    /// The databases in reach, by name. Live from the database, as is all below it; one that cannot be reached is
    /// an error on this field, which is null then, and on nothing else.
    #[graphql(complexity = "20 + child_complexity")]
    async fn databases(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only the database of exactly this name.")] name: Option<String>,
    ) -> Option<Result<Vec<Database>>> {
        let found = services(context).catalog.databases(&self.0, name.as_deref()).await;
        let shape = |database| Database { profile: self.0.clone(), database };
        Some(found.map(|databases| databases.into_iter().map(shape).collect()).map_err(Into::into))
    }
}

/// The service that answers.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "profile::LlmProvider")]
pub enum LlmProvider {
    /// The describer that comes with Gloss: no key, no network, no cost.
    Builtin,
    /// OpenAI.
    #[graphql(name = "OPENAI")]
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Google Gemini.
    Gemini,
    /// DeepSeek.
    #[graphql(name = "DEEPSEEK")]
    DeepSeek,
    /// OpenRouter.
    #[graphql(name = "OPENROUTER")]
    OpenRouter,
    /// Groq.
    Groq,
    /// Ollama, on this or another machine.
    Ollama,
    /// Any endpoint that speaks OpenAI's chat completions; `baseUrl` says where.
    #[graphql(name = "OPENAI_COMPATIBLE")]
    OpenAiCompatible,
}

/// A named provider, model, key and limits.
#[derive(Clone)]
pub struct LlmProfile(pub Arc<profile::LlmProfile>);

/// A named provider, model, key and limits.
#[Object]
impl LlmProfile {
    /// Its global id.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// Its name, unique among LLM profiles.
    async fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// The service that answers.
    async fn provider(&self) -> LlmProvider {
        self.0.settings.provider.into()
    }

    /// The model, as the provider spells it.
    async fn model(&self) -> &str {
        &self.0.settings.model
    }

    /// Where the provider is, without what may be a key; null for its usual address.
    async fn base_url(&self) -> Option<String> {
        self.0.settings.base_url.as_deref().map(base_url::shown)
    }

    /// Whether a key is kept. The key itself is never given back.
    async fn has_api_key(&self) -> bool {
        self.0.settings.api_key.is_some()
    }

    /// Whether it is taken when a run names none. At most one profile is.
    async fn is_default(&self) -> bool {
        self.0.settings.is_default
    }

    /// Requests under way at once.
    async fn concurrency(&self) -> i32 {
        self.0.settings.concurrency
    }

    /// Requests sent in any 60 seconds; null is no limit.
    async fn requests_per_minute(&self) -> Option<i32> {
        self.0.settings.requests_per_minute
    }

    /// United States dollars for a million tokens sent; null where not known.
    async fn input_cost_per_million_tokens(&self) -> Option<f64> {
        self.0.settings.input_cost_per_million_tokens
    }

    /// United States dollars for a million tokens received; null where not known.
    async fn output_cost_per_million_tokens(&self) -> Option<f64> {
        self.0.settings.output_cost_per_million_tokens
    }

    /// When the profile was made.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }
}
