//! Queries for profiles.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::object::{DbProfile, LlmProfile};
use crate::{
    domain::id::{DbProfileId, LlmProfileId},
    graphql::{
        context::{loaders, services},
        ids::Key,
    },
};

/// Queries for profiles.
#[derive(Default)]
pub struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// All DB profiles, by name.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn db_profiles(&self, context: &Context<'_>) -> Result<Vec<DbProfile>> {
        let profiles = services(context).ports.store.db_profiles().await?;
        Ok(profiles.into_iter().map(|profile| DbProfile(Arc::new(profile))).collect())
    }

    /// The DB profile with this id; null if there is none.
    async fn db_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile's global id.")] id: ID,
    ) -> Result<Option<DbProfile>> {
        let id = DbProfileId::from_argument(&id, "id")?;
        Ok(loaders(context).db_profiles.load_one(id).await?.map(DbProfile))
    }

    /// All LLM profiles, by name.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn llm_profiles(&self, context: &Context<'_>) -> Result<Vec<LlmProfile>> {
        let profiles = services(context).ports.store.llm_profiles().await?;
        Ok(profiles.into_iter().map(|profile| LlmProfile(Arc::new(profile))).collect())
    }

    /// The LLM profile with this id; null if there is none.
    async fn llm_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The profile's global id.")] id: ID,
    ) -> Result<Option<LlmProfile>> {
        let id = LlmProfileId::from_argument(&id, "id")?;
        Ok(loaders(context).llm_profiles.load_one(id).await?.map(LlmProfile))
    }
}
