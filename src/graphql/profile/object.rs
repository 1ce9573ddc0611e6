//! The types of the two kinds of profile.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, connection::EmptyFields};

use super::{
    coverage::{AssetPathConnection, Coverage},
    export::{DescriptionTexts, DescriptionsFormat},
};
use crate::{
    domain::{base_url, clock::Moment, price, profile},
    graphql::{
        catalog::{
            known::{CatalogTable, CatalogTableConnection},
            object::Database,
        },
        connection::{connection, nested_page_cost, page_arguments},
        context::services,
        ids::Key,
        suggestion::object::AssetPath,
    },
    service::descriptions::Selection,
};

/// The cost of reading a whole catalog.
const EXPORT_COST: usize = 5_000;

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

/// A named connection to a database to describe.
#[derive(Clone)]
pub struct DbProfile(pub Arc<profile::DbProfile>);

/// A named connection to a database to describe.
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

    /// The kind of database.
    async fn backend(&self) -> DbBackend {
        self.0.backend.into()
    }

    /// The connection URL without its password.
    async fn display_url(&self, context: &Context<'_>) -> String {
        services(context).profiles.display_url(&self.0)
    }

    /// The only database that the profile reaches; null if it reaches every database of the login.
    async fn pinned_database(&self, context: &Context<'_>) -> Option<String> {
        services(context).profiles.pinned_database(&self.0)
    }

    /// What this database is about, up to 4,000 characters. It is part of every prompt.
    async fn about(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// Patterns of tables that runs leave out unless their scope names them.
    async fn exclude(&self) -> Vec<String> {
        self.0.exclude.iter().map(ToString::to_string).collect()
    }

    /// Whether to read samples through views, foreign tables and row-level security policies, which can execute other
    /// users' code with this login's rights. If false, Gloss reads these only if everything that they use belongs to
    /// the login or to a superuser.
    async fn sample_views(&self) -> bool {
        self.0.sample_views
    }

    /// Whether the login can write comments. Null if the database cannot be reached.
    #[graphql(complexity = 20)]
    async fn can_write_comments(&self, context: &Context<'_>) -> Option<bool> {
        services(context).catalog.can_write_comments(&self.0).await
    }

    /// When the profile was created.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }

    /// How much of it is documented, from the catalog as it was last read: by a run over all of it, or by the first
    /// search or question about it. Null if it was never read. If `refresh` cannot read it now, this field is null,
    /// with an error.
    #[graphql(complexity = "20 + child_complexity")]
    async fn coverage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whether to read the whole catalog first.", default)] refresh: bool,
    ) -> Result<Option<Coverage>> {
        Ok(services(context).searches.coverage(&self.0, refresh).await?.map(Into::into))
    }

    /// The assets that `coverage` counts as neither documented nor accepted, by name. The page size is 50 by default
    /// and at most 200.
    #[graphql(complexity = "nested_page_cost(first, None, child_complexity)")]
    async fn missing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The page size, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
    ) -> Result<AssetPathConnection> {
        let page = services(context).searches.missing(&self.0, &page_arguments(first, after, None, None)).await?;
        Ok(connection(page, EmptyFields, |path| AssetPath::from(&path)))
    }

    /// Its schemas, tables and views by name, with their comments and accepted texts, from the catalog as it was last
    /// read. A catalog that was never read is read first. The page size is 50 by default and at most 200. If it cannot
    /// be read, only this field is null, with an error.
    #[graphql(complexity = "nested_page_cost(first, None, child_complexity)")]
    async fn catalog(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only these schemas, by their exact names; all if it is null.")] schemas: Option<Vec<String>>,
        #[graphql(desc = "The page size, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
    ) -> Option<Result<CatalogTableConnection>> {
        let arguments = page_arguments(first, after, None, None);
        let found = services(context).descriptions.catalog(&self.0, schemas.as_deref(), &arguments).await;
        Some(found.map(|page| connection(page, EmptyFields, CatalogTable)).map_err(Into::into))
    }

    /// What is documented of it, up to 20 MB as one text, from the catalog as it was last read. A catalog that was
    /// never read is read first. If it cannot be exported, only this field is null, with an error. To download an
    /// export of any size, use `/export/descriptions?profile=…&format=csv|json|md|sql|dbt&what=…&schema=…`.
    #[graphql(complexity = "EXPORT_COST")]
    async fn export_descriptions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The format.")] format: DescriptionsFormat,
        #[graphql(desc = "Which texts.", default_with = "DescriptionTexts::Both")] what: DescriptionTexts,
        #[graphql(desc = "Only these schemas, by their exact names; all if it is null.")] schemas: Option<Vec<String>>,
    ) -> Option<Result<String>> {
        let selection = Selection { format: format.into(), what: what.into(), schemas };
        let export = services(context).descriptions.export_text(Arc::clone(&self.0), selection).await;
        Some(export.map_err(Into::into))
    }

    /// The databases that the profile reaches, by name, read live. If the database cannot be reached, only this field
    /// is null, with an error.
    #[graphql(complexity = "20 + child_complexity")]
    async fn databases(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only the database with this exact name.")] name: Option<String>,
    ) -> Option<Result<Vec<Database>>> {
        let found = services(context).catalog.databases(&self.0, name.as_deref()).await;
        let shape = |database| Database { profile: self.0.clone(), database };
        Some(found.map(|databases| databases.into_iter().map(shape).collect()).map_err(Into::into))
    }
}

/// The provider.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "profile::LlmProvider")]
pub enum LlmProvider {
    /// The builtin describer: no key, no network, no cost.
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
    /// Ollama, local or remote.
    Ollama,
    /// Any endpoint with OpenAI's chat completions API; `baseUrl` is its address.
    #[graphql(name = "OPENAI_COMPATIBLE")]
    OpenAiCompatible,
}

/// The price of a model.
pub struct ModelPrice(price::Price);

/// The price of a model.
#[Object]
impl ModelPrice {
    /// United States dollars per million input tokens.
    async fn input_cost_per_million_tokens(&self) -> f64 {
        self.0.input
    }

    /// United States dollars per million input tokens that the provider reads from its prompt cache.
    async fn cached_input_cost_per_million_tokens(&self) -> f64 {
        self.0.cached_input
    }

    /// United States dollars per million input tokens that the provider writes to its prompt cache.
    async fn cache_write_cost_per_million_tokens(&self) -> f64 {
        self.0.cache_write
    }

    /// United States dollars per million output tokens.
    async fn output_cost_per_million_tokens(&self) -> f64 {
        self.0.output
    }

    /// The page with the provider's prices; null if the price is the profile's own.
    async fn source(&self) -> Option<&'static str> {
        self.0.listed.map(|listed| listed.source)
    }

    /// The day on which `source` was read, `2026-11-28`.
    async fn read_on(&self) -> Option<&'static str> {
        self.0.listed.map(|listed| listed.read)
    }
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

    /// The provider.
    async fn provider(&self) -> LlmProvider {
        self.0.settings.provider.into()
    }

    /// The model's name at the provider.
    async fn model(&self) -> &str {
        &self.0.settings.model
    }

    /// The provider's address, without anything that may be a key; null for the usual one.
    async fn base_url(&self) -> Option<String> {
        self.0.settings.base_url.as_deref().map(base_url::shown)
    }

    /// Whether a key is stored. The key itself is never returned.
    async fn has_api_key(&self) -> bool {
        self.0.settings.api_key.is_some()
    }

    /// Whether runs that name no LLM profile use it. At most one profile is the default.
    async fn is_default(&self) -> bool {
        self.0.settings.is_default
    }

    /// The maximum number of concurrent requests.
    async fn concurrency(&self) -> i32 {
        self.0.settings.concurrency
    }

    /// The maximum number of requests in any 60 seconds; null for no limit.
    async fn requests_per_minute(&self) -> Option<i32> {
        self.0.settings.requests_per_minute
    }

    /// The profile's own price of a million input tokens in United States dollars; null if it has none.
    async fn input_cost_per_million_tokens(&self) -> Option<f64> {
        self.0.settings.input_cost_per_million_tokens
    }

    /// The profile's own price of a million input tokens that the provider reads from its prompt cache, in United
    /// States dollars; null if it has none.
    async fn cached_input_cost_per_million_tokens(&self) -> Option<f64> {
        self.0.settings.cached_input_cost_per_million_tokens
    }

    /// The profile's own price of a million output tokens in United States dollars; null if it has none.
    async fn output_cost_per_million_tokens(&self) -> Option<f64> {
        self.0.settings.output_cost_per_million_tokens
    }

    /// The price that estimates, runs and budgets use: the profile's own, else the provider's as Gloss knows it. Null
    /// if it is unknown.
    async fn price(&self) -> Option<ModelPrice> {
        price::Price::of(&self.0.settings).map(ModelPrice)
    }

    /// When the profile was created.
    async fn created_at(&self) -> Moment {
        self.0.created_at
    }
}
