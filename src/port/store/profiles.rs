//! Profiles, and the databases behind them.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{
    Result,
    clock::Moment,
    id::{DbProfileId, LlmProfileId},
    identity::{Confirmation, Identity},
    profile::{DbProfile, LlmProfile, NewDbProfile, NewLlmProfile},
};

/// Profiles.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// All DB profiles, by name.
    async fn db_profiles(&self) -> Result<Vec<DbProfile>>;

    /// DB profiles by key; unknown ones are missing.
    async fn db_profiles_by_id(&self, ids: &[DbProfileId]) -> Result<HashMap<DbProfileId, DbProfile>>;

    /// Records a DB profile.
    ///
    /// # Errors
    /// `Conflict` where the name is taken.
    async fn create_db_profile(&self, profile: NewDbProfile, at: Moment) -> Result<DbProfile>;

    /// Replaces what a DB profile says.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the name is taken.
    async fn update_db_profile(&self, id: DbProfileId, profile: NewDbProfile) -> Result<DbProfile>;

    /// The databases that runs of a DB profile described or wrote to, and that its schedules are for; `None` among them
    /// for runs and writes of versions that did not record it.
    async fn identities(&self, id: DbProfileId) -> Result<Vec<Option<Identity>>>;

    /// What people confirmed of a DB profile, newest first.
    async fn confirmations(&self, id: DbProfileId) -> Result<Vec<Confirmation>>;

    /// Records confirmations, all or none.
    async fn confirm(&self, confirmations: &[Confirmation]) -> Result<()>;

    /// Deletes a DB profile; ended runs keep its name.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where a live or paused run, or a schedule, uses it, naming that.
    async fn delete_db_profile(&self, id: DbProfileId) -> Result<()>;

    /// All LLM profiles, by name.
    async fn llm_profiles(&self) -> Result<Vec<LlmProfile>>;

    /// LLM profiles by key; unknown ones are missing.
    async fn llm_profiles_by_id(&self, ids: &[LlmProfileId]) -> Result<HashMap<LlmProfileId, LlmProfile>>;

    /// Records an LLM profile. One that is the default takes that from the one before.
    ///
    /// # Errors
    /// `Conflict` where the name is taken.
    async fn create_llm_profile(&self, profile: NewLlmProfile, at: Moment) -> Result<LlmProfile>;

    /// Replaces what an LLM profile says.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the name is taken.
    async fn update_llm_profile(&self, id: LlmProfileId, profile: NewLlmProfile) -> Result<LlmProfile>;

    /// Deletes an LLM profile; ended runs keep its name.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where a live or paused run, or a schedule, uses it, naming that.
    async fn delete_llm_profile(&self, id: LlmProfileId) -> Result<()>;
}
