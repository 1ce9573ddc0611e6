//! Keeping profiles.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{
    input::{CreateDbProfileInput, CreateLlmProfileInput, UpdateDbProfileInput, UpdateLlmProfileInput},
    object::{DbProfile, LlmProfile},
};
use crate::{
    domain::id::{DbProfileId, LlmProfileId},
    graphql::{context::services, ids::Key},
    service::profiles,
};

/// The DB profile as it is now.
#[derive(SimpleObject)]
pub struct DbProfilePayload {
    /// The profile.
    db_profile: DbProfile,
}

/// The LLM profile as it is now.
#[derive(SimpleObject)]
pub struct LlmProfilePayload {
    /// The profile.
    llm_profile: LlmProfile,
}

/// What a test of a profile found.
#[derive(SimpleObject)]
pub struct ProfileTest {
    /// Whether the profile works.
    ok: bool,
    /// Milliseconds until the answer; null where there was none.
    latency_ms: Option<f64>,
    /// What answered, or what is wrong and what to check.
    message: String,
}

impl From<profiles::ProfileTest> for ProfileTest {
    fn from(test: profiles::ProfileTest) -> Self {
        let latency_ms = test.latency.map(|latency| latency.as_secs_f64() * 1_000.0);
        Self { ok: test.ok, latency_ms, message: test.message }
    }
}

/// What was deleted.
#[derive(SimpleObject)]
pub struct DeletePayload {
    /// The id of what is gone.
    pub deleted_id: ID,
}

/// Making, changing, testing, deleting.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Makes a DB profile. Does not connect; `testDbProfile` does.
    async fn create_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it says.")] input: CreateDbProfileInput,
    ) -> Result<DbProfilePayload> {
        let profile = services(context).profiles.create_db(input.into()).await?;
        Ok(DbProfilePayload { db_profile: DbProfile(Arc::new(profile)) })
    }

    /// Changes a DB profile: what is absent stays as it is, null clears.
    async fn update_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which profile, and what changes.")] input: UpdateDbProfileInput,
    ) -> Result<DbProfilePayload> {
        let id = DbProfileId::from_argument(&input.id, "input.id")?;
        let profile = services(context).profiles.update_db(id, input.change()?).await?;
        Ok(DbProfilePayload { db_profile: DbProfile(Arc::new(profile)) })
    }

    /// Connects to a profile's database and says what answered. One that does not answer is no error but `ok: false`.
    async fn test_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile's global id.")] id: ID,
    ) -> Result<ProfileTest> {
        let id = DbProfileId::from_argument(&id, "id")?;
        Ok(services(context).profiles.test_db(id).await?.into())
    }

    /// Deletes a DB profile; ended runs keep its name. One that an unfinished run or a schedule uses is a
    /// CONFLICT.
    async fn delete_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile's global id.")] id: ID,
    ) -> Result<DeletePayload> {
        let key = DbProfileId::from_argument(&id, "id")?;
        services(context).profiles.delete_db(key).await?;
        Ok(DeletePayload { deleted_id: id })
    }

    /// Makes an LLM profile. Does not reach for the provider; `testLlmProfile` does.
    async fn create_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What it says.")] input: CreateLlmProfileInput,
    ) -> Result<LlmProfilePayload> {
        let profile = services(context).profiles.create_llm(input.provider.into(), input.into()).await?;
        Ok(LlmProfilePayload { llm_profile: LlmProfile(Arc::new(profile)) })
    }

    /// Changes an LLM profile: what is absent stays as it is, null clears.
    async fn update_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which profile, and what changes.")] input: UpdateLlmProfileInput,
    ) -> Result<LlmProfilePayload> {
        let id = LlmProfileId::from_argument(&input.id, "input.id")?;
        let profile = services(context).profiles.update_llm(id, input.change()?).await?;
        Ok(LlmProfilePayload { llm_profile: LlmProfile(Arc::new(profile)) })
    }

    /// Asks a profile's provider whether it answers with this key and model. One that does not is no error but
    /// `ok: false`.
    async fn test_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile's global id.")] id: ID,
    ) -> Result<ProfileTest> {
        let id = LlmProfileId::from_argument(&id, "id")?;
        Ok(services(context).profiles.test_llm(id).await?.into())
    }

    /// Deletes an LLM profile; ended runs keep its name. One that an unfinished run or a schedule uses is a
    /// CONFLICT.
    async fn delete_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile's global id.")] id: ID,
    ) -> Result<DeletePayload> {
        let key = LlmProfileId::from_argument(&id, "id")?;
        services(context).profiles.delete_llm(key).await?;
        Ok(DeletePayload { deleted_id: id })
    }
}
