//! Mutations of profiles.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use secrecy::SecretString;

use super::{
    input::{
        CreateDbProfileInput, CreateLlmProfileInput, DeleteDbProfileInput, DeleteLlmProfileInput, TestDbProfileInput,
        TestLlmProfileInput, UpdateDbProfileInput, UpdateLlmProfileInput,
    },
    object::{DbProfile, LlmProfile},
};
use crate::{
    domain::{
        Code,
        id::{DbProfileId, LlmProfileId},
    },
    graphql::{
        access::require,
        context::{Role, services, viewer},
        ids::Key,
    },
    service::profiles::{self, DbToTest, LlmToTest},
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

/// The result of testing a profile.
#[derive(SimpleObject)]
pub struct ProfileTest {
    /// Whether the profile works.
    ok: bool,
    /// Milliseconds until the answer; null if there was none.
    latency_ms: Option<f64>,
    /// The server that answered, or the error and its fix.
    message: String,
    /// A code of the API's errors: `BAD_USER_INPUT` if the profile must be changed, as for a path that does not exist
    /// or a variable that is not set, else `UNAVAILABLE`; null if the profile works.
    code: Option<&'static str>,
}

impl From<profiles::ProfileTest> for ProfileTest {
    fn from(test: profiles::ProfileTest) -> Self {
        let latency_ms = test.latency.map(|latency| latency.as_secs_f64() * 1_000.0);
        Self { ok: test.ok, latency_ms, message: test.message, code: test.code.map(Code::as_str) }
    }
}

/// The deleted record.
#[derive(SimpleObject)]
pub struct DeletePayload {
    /// The id of the deleted record.
    pub deleted_id: ID,
}

/// Mutations of profiles.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Creates a DB profile without testing it; `testDbProfile` does that. For PostgreSQL, it connects once to make
    /// sure that the database is not Gloss's own store.
    async fn create_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new profile.")] input: CreateDbProfileInput,
    ) -> Result<DbProfilePayload> {
        let profile = services(context).profiles.create_db(input.into()).await?;
        Ok(DbProfilePayload { db_profile: DbProfile(Arc::new(profile)) })
    }

    /// Changes a DB profile. Absent fields keep their values; null clears them.
    async fn update_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile and the change.")] input: UpdateDbProfileInput,
    ) -> Result<DbProfilePayload> {
        let id = DbProfileId::from_argument(&input.id, "input.id")?;
        let profile = services(context).profiles.update_db(id, input.change()?, &viewer(context).name).await?;
        Ok(DbProfilePayload { db_profile: DbProfile(Arc::new(profile)) })
    }

    /// Connects to the database of a saved profile or an unsaved URL, and returns which server answered. If the
    /// database does not answer, `ok` is false; that is not an error. Nothing is stored. A URL needs the role ADMIN.
    async fn test_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A saved profile, or a URL.")] input: TestDbProfileInput,
    ) -> Result<ProfileTest> {
        let tested = match input {
            TestDbProfileInput::Id(id) => DbToTest::Saved(DbProfileId::from_argument(&id, "input.id")?),
            TestDbProfileInput::Url(url) => {
                require(context, Role::Admin, "testing a URL that is not saved in a profile")?;
                DbToTest::Url(SecretString::from(url))
            }
        };
        Ok(services(context).profiles.test_db(tested).await?.into())
    }

    /// Deletes a DB profile. Ended runs keep its name. Fails with CONFLICT if an unfinished run or a schedule uses it.
    async fn delete_db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile.")] input: DeleteDbProfileInput,
    ) -> Result<DeletePayload> {
        let key = DbProfileId::from_argument(&input.id, "input.id")?;
        services(context).profiles.delete_db(key).await?;
        Ok(DeletePayload { deleted_id: input.id })
    }

    /// Creates an LLM profile without contacting the provider; `testLlmProfile` does that.
    async fn create_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new profile.")] input: CreateLlmProfileInput,
    ) -> Result<LlmProfilePayload> {
        let profile = services(context).profiles.create_llm(input.provider.into(), input.into()).await?;
        Ok(LlmProfilePayload { llm_profile: LlmProfile(Arc::new(profile)) })
    }

    /// Changes an LLM profile. Absent fields keep their values; null clears them.
    async fn update_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile and the change.")] input: UpdateLlmProfileInput,
    ) -> Result<LlmProfilePayload> {
        let id = LlmProfileId::from_argument(&input.id, "input.id")?;
        let profile = services(context).profiles.update_llm(id, input.change()?).await?;
        Ok(LlmProfilePayload { llm_profile: LlmProfile(Arc::new(profile)) })
    }

    /// Asks the provider of a saved profile, or of settings before they are saved, whether this key and model work. If
    /// the provider does not answer, `ok` is false; that is not an error. Nothing is stored. Settings need the role
    /// ADMIN.
    async fn test_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "A saved profile, or settings.")] input: TestLlmProfileInput,
    ) -> Result<ProfileTest> {
        let tested = match input {
            TestLlmProfileInput::Id(id) => LlmToTest::Saved(LlmProfileId::from_argument(&id, "input.id")?),
            TestLlmProfileInput::Settings(settings) => {
                require(context, Role::Admin, "testing settings that are not saved in a profile")?;
                LlmToTest::Settings(settings.provider.into(), Box::new(settings.into()))
            }
        };
        Ok(services(context).profiles.test_llm(tested).await?.into())
    }

    /// Deletes an LLM profile. Ended runs keep its name. Fails with CONFLICT if an unfinished run or a schedule uses
    /// it.
    async fn delete_llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile.")] input: DeleteLlmProfileInput,
    ) -> Result<DeletePayload> {
        let key = LlmProfileId::from_argument(&input.id, "input.id")?;
        services(context).profiles.delete_llm(key).await?;
        Ok(DeletePayload { deleted_id: input.id })
    }
}
