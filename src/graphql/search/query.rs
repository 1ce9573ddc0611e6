//! The query for assets.

use async_graphql::{Context, ID, Object, Result};

use super::object::{AssetHitConnection, hits};
use crate::{
    domain::id::DbProfileId,
    graphql::{
        connection::{page_arguments, page_cost},
        context::services,
        ids::Key,
    },
};

/// The query for assets.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Assets whose names, comments or accepted descriptions match, best first: those with all the words or, if there
    /// are none, those with any of them. Names are split into words and abbreviations expanded: `customer mail` finds
    /// `cust_email_addr`. Inflected forms match, the last word also matches as a prefix, and punctuation is ignored.
    /// The search uses the catalogs as they were last read, by a run or by the first search. A profile whose catalog
    /// cannot be read is left out; if `dbProfileIds` names it, the search fails with UNAVAILABLE. If more than 1,000
    /// assets match, only 1,000 are ranked, those with matching names first. The page size is 50 by default and at most
    /// 200.
    #[graphql(complexity = "10 + page_cost(first, None, child_complexity)")]
    async fn search_assets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The words to search for, up to 500 characters.")] text: String,
        #[graphql(desc = "The profiles to search, at most 100. Default: all profiles; an empty list searches none.")]
        db_profile_ids: Option<Vec<ID>>,
        #[graphql(desc = "The page size, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only hits after this cursor, of the same search.")] after: Option<String>,
    ) -> Result<AssetHitConnection> {
        let profiles = db_profile_ids.map(|ids| DbProfileId::from_arguments(&ids, "dbProfileIds")).transpose()?;
        let arguments = page_arguments(first, after, None, None);
        let found = services(context).searches.assets(&text, profiles.as_deref(), &arguments).await?;
        Ok(hits(found, profiles))
    }
}
