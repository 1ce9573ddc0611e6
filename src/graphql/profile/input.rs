//! Input types of profiles.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use secrecy::SecretString;

use super::object::LlmProvider;
use crate::{
    domain::{Error, Result},
    service::profiles::{CreateDbProfile, LlmProfileChoices, UpdateDbProfile},
};

/// The DB profile to create.
#[derive(InputObject)]
pub struct CreateDbProfileInput {
    /// Its name, unique: 1 to 100 characters.
    name: String,
    /// The connection URL with its login: `sqlite:///data/shop.db`, `postgres://user:password@host:5432/db`,
    /// `mysql://user:password@host:3306/db`. The password is never returned.
    url: String,
    /// The only database that the profile reaches. Default: every database that the login reaches.
    pinned_database: Option<String>,
    /// What this database is about, up to 4,000 characters. It is part of every prompt.
    about: Option<String>,
    /// Patterns of tables that runs leave out unless their scope names them: `table` or `schema.table`, with `*` for
    /// any characters and `?` for one. Case-sensitive; a part in double quotes is literal. At most 200.
    exclude: Option<Vec<String>>,
    /// Whether to read sample values through views too, which executes the views' functions with this login's rights.
    /// Default: false.
    sample_views: Option<bool>,
}

impl From<CreateDbProfileInput> for CreateDbProfile {
    fn from(input: CreateDbProfileInput) -> Self {
        Self {
            name: input.name,
            url: SecretString::from(input.url),
            pinned_database: input.pinned_database,
            about: input.about,
            exclude: input.exclude.unwrap_or_default(),
            sample_views: input.sample_views.unwrap_or_default(),
        }
    }
}

/// A change of a DB profile. Absent fields keep their values; null clears them.
#[derive(InputObject)]
pub struct UpdateDbProfileInput {
    /// The profile.
    pub id: ID,
    /// Its new name, unique: 1 to 100 characters.
    name: MaybeUndefined<String>,
    /// Its new URL with the password.
    url: MaybeUndefined<String>,
    /// The only database that the profile reaches; null for every database of the login.
    pinned_database: MaybeUndefined<String>,
    /// What this database is about, up to 4,000 characters; null for nothing.
    about: MaybeUndefined<String>,
    /// Patterns of tables that runs leave out unless their scope names them; null for none.
    exclude: MaybeUndefined<Vec<String>>,
    /// Whether to read sample values through views too, which executes the views' functions with this login's rights.
    sample_views: MaybeUndefined<bool>,
    /// Confirms that the new URL leads to the same database as before, so that the profile's runs can still be applied
    /// and rolled back there. The database must answer, and the caller is recorded. Default: false; if the URL then
    /// leads to another database, applying or rolling back these runs is a CONFLICT.
    same_database: Option<bool>,
}

impl UpdateDbProfileInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` for null where it is not allowed.
    pub fn change(self) -> Result<UpdateDbProfile> {
        Ok(UpdateDbProfile {
            name: kept(self.name, "name")?,
            url: kept(self.url, "url")?.map(SecretString::from),
            pinned_database: self.pinned_database.into(),
            about: self.about.into(),
            exclude: self.exclude.into(),
            sample_views: kept(self.sample_views, "sampleViews")?,
            same_database: self.same_database.unwrap_or_default(),
        })
    }
}

/// The LLM profile to create.
#[derive(InputObject)]
pub struct CreateLlmProfileInput {
    /// Its name, unique: 1 to 100 characters.
    name: String,
    /// The provider.
    pub provider: LlmProvider,
    /// The model's name at the provider.
    model: String,
    /// The provider's address, an http or https URL. Default: the provider's usual one. Required for
    /// `OPENAI_COMPATIBLE`.
    base_url: Option<String>,
    /// The key itself, or `env:NAME` to read it from the server's environment at each request. It is never returned.
    api_key: Option<String>,
    /// Whether runs that name no LLM profile use it. It replaces the previous default. Default: false.
    is_default: Option<bool>,
    /// The maximum number of concurrent requests, 1 to 64. Default: 4; for BUILTIN the number of cores.
    concurrency: Option<i32>,
    /// The maximum number of requests in any 60 seconds, at least 1. Default: no limit.
    requests_per_minute: Option<i32>,
    /// The price of a million input tokens in United States dollars, at least 0. Default: the provider's, if Gloss
    /// knows it.
    input_cost_per_million_tokens: Option<f64>,
    /// The price of a million input tokens that the provider reads from its prompt cache, in United States dollars, at
    /// least 0. Default: the provider's, if Gloss knows it and the price of other input is the provider's too; else the
    /// price of other input.
    cached_input_cost_per_million_tokens: Option<f64>,
    /// The price of a million output tokens in United States dollars, at least 0. Default: the provider's, if Gloss
    /// knows it.
    output_cost_per_million_tokens: Option<f64>,
}

impl From<CreateLlmProfileInput> for LlmProfileChoices {
    fn from(input: CreateLlmProfileInput) -> Self {
        Self {
            name: Some(input.name),
            model: Some(input.model),
            base_url: Some(input.base_url),
            api_key: Some(input.api_key.map(SecretString::from)),
            is_default: input.is_default,
            concurrency: input.concurrency,
            requests_per_minute: Some(input.requests_per_minute),
            input_cost_per_million_tokens: Some(input.input_cost_per_million_tokens),
            cached_input_cost_per_million_tokens: Some(input.cached_input_cost_per_million_tokens),
            output_cost_per_million_tokens: Some(input.output_cost_per_million_tokens),
        }
    }
}

/// A change of an LLM profile. Absent fields keep their values; null clears them.
#[derive(InputObject)]
pub struct UpdateLlmProfileInput {
    /// The profile.
    pub id: ID,
    /// Its new name, unique: 1 to 100 characters.
    name: MaybeUndefined<String>,
    /// The model's name at the provider.
    model: MaybeUndefined<String>,
    /// The provider's address, an http or https URL; null for the usual one.
    base_url: MaybeUndefined<String>,
    /// The new key, or `env:NAME`; null removes it. It is never returned.
    api_key: MaybeUndefined<String>,
    /// Whether runs that name no LLM profile use it. It replaces the previous default.
    is_default: MaybeUndefined<bool>,
    /// The maximum number of concurrent requests, 1 to 64.
    concurrency: MaybeUndefined<i32>,
    /// The maximum number of requests in any 60 seconds, at least 1; null for no limit.
    requests_per_minute: MaybeUndefined<i32>,
    /// The price of a million input tokens in United States dollars, at least 0; null for the provider's, if Gloss
    /// knows it.
    input_cost_per_million_tokens: MaybeUndefined<f64>,
    /// The price of a million input tokens that the provider reads from its prompt cache, in United States dollars;
    /// null for the provider's, if Gloss knows it.
    cached_input_cost_per_million_tokens: MaybeUndefined<f64>,
    /// The price of a million output tokens in United States dollars, at least 0; null for the provider's, if Gloss
    /// knows it.
    output_cost_per_million_tokens: MaybeUndefined<f64>,
}

impl UpdateLlmProfileInput {
    /// Converts it to the use case's input.
    ///
    /// # Errors
    /// Returns `BadInput` for null where it is not allowed.
    pub fn change(self) -> Result<LlmProfileChoices> {
        Ok(LlmProfileChoices {
            name: kept(self.name, "name")?,
            model: kept(self.model, "model")?,
            base_url: self.base_url.into(),
            api_key: self.api_key.map_value(SecretString::from).into(),
            is_default: kept(self.is_default, "isDefault")?,
            concurrency: kept(self.concurrency, "concurrency")?,
            requests_per_minute: self.requests_per_minute.into(),
            input_cost_per_million_tokens: self.input_cost_per_million_tokens.into(),
            cached_input_cost_per_million_tokens: self.cached_input_cost_per_million_tokens.into(),
            output_cost_per_million_tokens: self.output_cost_per_million_tokens.into(),
        })
    }
}

/// Exactly one: a saved profile, or a URL before it is saved.
#[derive(OneofObject)]
pub enum TestDbProfileInput {
    /// The saved profile.
    Id(ID),
    /// The URL with its password. The password is never returned.
    Url(String),
}

/// Exactly one: a saved profile, or its settings before they are saved.
#[derive(OneofObject)]
pub enum TestLlmProfileInput {
    /// The saved profile.
    Id(ID),
    /// The settings, checked as in `createLlmProfile`. The key is never returned.
    Settings(CreateLlmProfileInput),
}

/// The DB profile to delete.
#[derive(InputObject)]
pub struct DeleteDbProfileInput {
    /// The profile.
    pub id: ID,
}

/// The LLM profile to delete.
#[derive(InputObject)]
pub struct DeleteLlmProfileInput {
    /// The profile.
    pub id: ID,
}

/// Returns a value that may be absent but not null.
///
/// # Errors
/// Returns `BadInput` for null.
pub fn kept<T>(value: MaybeUndefined<T>, field: &str) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Null => Err(Error::bad_input(
            format!("input.{field}"),
            format!("`{field}` cannot be null; omit it to keep its value"),
        )),
    }
}
