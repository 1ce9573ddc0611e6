//! What clients give for profiles.

use async_graphql::{ID, InputObject, MaybeUndefined, OneofObject};
use secrecy::SecretString;

use super::object::LlmProvider;
use crate::{
    domain::{Error, Result},
    service::profiles::{CreateDbProfile, LlmProfileChoices, UpdateDbProfile},
};

/// A DB profile to be made.
#[derive(InputObject)]
pub struct CreateDbProfileInput {
    /// Its name, unique: 1 to 100 characters.
    name: String,
    /// Where the database is and who logs in: `sqlite:///data/shop.db`, `postgres://user:password@host:5432/db`,
    /// `mysql://user:password@host:3306/db`. The password is never given back.
    url: String,
    /// The one database in reach; all that the login reaches when absent.
    pinned_database: Option<String>,
    /// What this database is about, up to 4,000 characters. It goes into every prompt.
    about: Option<String>,
    /// Tables that no run describes unless a scope names them: patterns `table` or `schema.table`, where `*` stands for
    /// any characters and `?` for one. Letter case counts; a part in double quotes is taken literally. At most 200.
    exclude: Option<Vec<String>>,
    /// Whether sample values are also read through views, which runs the views' functions with this login's rights.
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

/// A change of a DB profile: what is absent stays as it is, null clears.
#[derive(InputObject)]
pub struct UpdateDbProfileInput {
    /// The profile.
    pub id: ID,
    /// Its new name, unique: 1 to 100 characters.
    name: MaybeUndefined<String>,
    /// Its new URL, password included.
    url: MaybeUndefined<String>,
    /// The one database in reach; null for all that the login reaches.
    pinned_database: MaybeUndefined<String>,
    /// What this database is about, up to 4,000 characters; null for nothing.
    about: MaybeUndefined<String>,
    /// Patterns of tables that no run describes unless a scope names them; null for none.
    exclude: MaybeUndefined<Vec<String>>,
    /// Whether sample values are also read through views, which runs the views' functions with this login's rights.
    sample_views: MaybeUndefined<bool>,
    /// True where the profile leads to the same database as before at another address: confirms that its runs can still
    /// be applied and rolled back there. The database has to answer; who confirmed what is recorded. Default: false,
    /// and they are a CONFLICT where the database is another one.
    same_database: Option<bool>,
}

impl UpdateDbProfileInput {
    /// The use case's input.
    ///
    /// # Errors
    /// `BadInput` for a null that cannot be.
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

/// An LLM profile to be made.
#[derive(InputObject)]
pub struct CreateLlmProfileInput {
    /// Its name, unique: 1 to 100 characters.
    name: String,
    /// The service that answers.
    pub provider: LlmProvider,
    /// The model, as the provider spells it.
    model: String,
    /// Where the provider is, an http or https URL; its usual address when absent. `OPENAI_COMPATIBLE` needs one.
    base_url: Option<String>,
    /// The key itself, or `env:NAME` to read it from the server's environment each time. Never given back.
    api_key: Option<String>,
    /// Whether it is taken when a run names none; takes that from the one before. Default: false.
    is_default: Option<bool>,
    /// Requests under way at once, 1 to 64. Default: 4; for BUILTIN the number of cores.
    concurrency: Option<i32>,
    /// Requests sent in any 60 seconds, at least 1; no limit when absent.
    requests_per_minute: Option<i32>,
    /// United States dollars for a million tokens sent, at least 0.
    input_cost_per_million_tokens: Option<f64>,
    /// United States dollars for a million tokens received, at least 0.
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
            output_cost_per_million_tokens: Some(input.output_cost_per_million_tokens),
        }
    }
}

/// A change of an LLM profile: what is absent stays as it is, null clears.
#[derive(InputObject)]
pub struct UpdateLlmProfileInput {
    /// The profile.
    pub id: ID,
    /// Its new name, unique: 1 to 100 characters.
    name: MaybeUndefined<String>,
    /// The model, as the provider spells it.
    model: MaybeUndefined<String>,
    /// Where the provider is, an http or https URL; null for its usual address.
    base_url: MaybeUndefined<String>,
    /// The new key, or `env:NAME`; null removes it. Never given back.
    api_key: MaybeUndefined<String>,
    /// Whether it is taken when a run names none; takes that from the one before.
    is_default: MaybeUndefined<bool>,
    /// Requests under way at once, 1 to 64.
    concurrency: MaybeUndefined<i32>,
    /// Requests sent in any 60 seconds, at least 1; null for no limit.
    requests_per_minute: MaybeUndefined<i32>,
    /// United States dollars for a million tokens sent, at least 0; null for not known.
    input_cost_per_million_tokens: MaybeUndefined<f64>,
    /// United States dollars for a million tokens received, at least 0; null for not known.
    output_cost_per_million_tokens: MaybeUndefined<f64>,
}

impl UpdateLlmProfileInput {
    /// The use case's input.
    ///
    /// # Errors
    /// `BadInput` for a null that cannot be.
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
            output_cost_per_million_tokens: self.output_cost_per_million_tokens.into(),
        })
    }
}

/// Exactly one: a saved profile, or a URL before it is saved.
#[derive(OneofObject)]
pub enum TestDbProfileInput {
    /// The saved profile.
    Id(ID),
    /// The URL, password included. The answer never repeats the password.
    Url(String),
}

/// Exactly one: a saved profile, or its settings before they are saved.
#[derive(OneofObject)]
pub enum TestLlmProfileInput {
    /// The saved profile.
    Id(ID),
    /// The settings, checked as `createLlmProfile` checks them. The answer never repeats the key.
    Settings(CreateLlmProfileInput),
}

/// Which DB profile to delete.
#[derive(InputObject)]
pub struct DeleteDbProfileInput {
    /// The profile.
    pub id: ID,
}

/// Which LLM profile to delete.
#[derive(InputObject)]
pub struct DeleteLlmProfileInput {
    /// The profile.
    pub id: ID,
}

/// A value that may be left out but not cleared.
///
/// # Errors
/// `BadInput` for null.
pub fn kept<T>(value: MaybeUndefined<T>, field: &str) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Null => Err(Error::bad_input(
            format!("input.{field}"),
            format!("`{field}` cannot be cleared; leave it out to keep it as it is"),
        )),
    }
}
