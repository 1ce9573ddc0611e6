//! Profiles, and the identities of their databases.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;

use crate::domain::{
    Result,
    clock::Moment,
    id::{DbProfileId, LlmProfileId},
    identity::{Confirmation, Identity},
    profile::{DbProfile, LlmProfile, NewDbProfile, NewLlmProfile},
};

/// DB profiles and LLM profiles.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// Returns all DB profiles, by name.
    async fn db_profiles(&self) -> Result<Vec<DbProfile>>;

    /// Returns DB profiles by key; unknown ones are missing.
    async fn db_profiles_by_id(&self, ids: &[DbProfileId]) -> Result<HashMap<DbProfileId, DbProfile>>;

    /// Creates a DB profile.
    ///
    /// # Errors
    /// Returns `Conflict` if the name is taken.
    async fn create_db_profile(&self, profile: NewDbProfile, at: Moment) -> Result<DbProfile>;

    /// Replaces the settings of a DB profile.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if the name is taken.
    async fn update_db_profile(&self, id: DbProfileId, profile: NewDbProfile) -> Result<DbProfile>;

    /// Returns the databases that runs of a DB profile described or wrote to, and those that its schedules are for.
    /// `None` stands for runs and writes of versions that did not record them.
    async fn identities(&self, id: DbProfileId) -> Result<Vec<Option<Identity>>>;

    /// Returns the confirmations for a DB profile, newest first.
    async fn confirmations(&self, id: DbProfileId) -> Result<Vec<Confirmation>>;

    /// Records confirmations, all or none.
    async fn confirm(&self, confirmations: &[Confirmation]) -> Result<()>;

    /// Deletes a DB profile. Ended runs keep its name.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if a live or paused run or a schedule uses it; the error names it.
    async fn delete_db_profile(&self, id: DbProfileId) -> Result<()>;

    /// Returns all LLM profiles, by name.
    async fn llm_profiles(&self) -> Result<Vec<LlmProfile>>;

    /// Returns LLM profiles by key; unknown ones are missing.
    async fn llm_profiles_by_id(&self, ids: &[LlmProfileId]) -> Result<HashMap<LlmProfileId, LlmProfile>>;

    /// Creates an LLM profile. If it is the default, the previous default no longer is.
    ///
    /// # Errors
    /// Returns `Conflict` if the name is taken.
    async fn create_llm_profile(&self, profile: NewLlmProfile, at: Moment) -> Result<LlmProfile>;

    /// Replaces the settings of an LLM profile, as [`ProfileStore::create_llm_profile`].
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if the name is taken.
    async fn update_llm_profile(&self, id: LlmProfileId, profile: NewLlmProfile) -> Result<LlmProfile>;

    /// Deletes an LLM profile. Ended runs keep its name.
    ///
    /// # Errors
    /// Returns `NotFound`, and `Conflict` if a live or paused run or a schedule uses it; the error names it.
    async fn delete_llm_profile(&self, id: LlmProfileId) -> Result<()>;

    /// Takes the next place among the requests that all processes send to a profile's model, and returns how long to
    /// wait for it. Places are `interval` apart, except that up to `burst` of them may be used at once after a pause.
    /// Returns `None` if no other process can use the store, so that the caller keeps the pace by itself.
    async fn take_place(&self, id: LlmProfileId, interval: Duration, burst: u32) -> Result<Option<Duration>>;
}
