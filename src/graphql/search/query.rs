//! Searching.

use async_graphql::{Context, ID, Object, Result};

use super::object::AssetHitConnection;
use crate::{
    domain::id::DbProfileId,
    graphql::{
        connection::{page_arguments, page_cost},
        context::services,
        ids::Key,
    },
};

/// Search.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Assets whose names, comments or accepted descriptions match, best first: those that hold all the words, or,
    /// where none does, any of them. Names are read as people read them (`cust_email_addr` is a customer's e-mail
    /// address), inflected forms match, the last word also as the beginning of one, and punctuation is ignored.
    /// Catalogs are as they were last read: by a run, or by the first search that looks there. A profile that is named
    /// and cannot be read is UNAVAILABLE; one that is not named is left out. Of words that more than 1,000 assets hold,
    /// 1,000 with them in their names are ranked. A page has 50 unless told, at most 200.
    #[graphql(complexity = "10 + page_cost(first, None, child_complexity)")]
    async fn search_assets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Words to look for, up to 500 characters.")] text: String,
        #[graphql(desc = "Where to look, at most 100 profiles; all profiles when absent, none when empty.")]
        db_profile_ids: Option<Vec<ID>>,
        #[graphql(desc = "At most so many, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Beyond this cursor, of a search for the same.")] after: Option<String>,
    ) -> Result<AssetHitConnection> {
        let profiles = db_profile_ids.map(|ids| DbProfileId::from_arguments(&ids, "dbProfileIds")).transpose()?;
        let arguments = page_arguments(first, after, None, None);
        let found = services(context).searches.assets(&text, profiles.as_deref(), &arguments).await?;
        Ok(AssetHitConnection::new(found, profiles))
    }
}
