//! The results of a search.

use crate::domain::text::visible;

use async_graphql::{Context, Object, Result};

use crate::{
    domain::{Error, id::DbProfileId, page::Page, search},
    graphql::{
        connection::{Connection, connection, count},
        context::{loaders, services},
        profile::object::DbProfile,
        suggestion::object::AssetPath,
    },
    service::searches::Found,
};

/// An asset that a search found.
pub struct AssetHit(search::AssetHit);

/// An asset that a search found.
#[Object]
impl AssetHit {
    /// The profile of the catalog that contains it.
    async fn db_profile(&self, context: &Context<'_>) -> Result<DbProfile> {
        let found = loaders(context).db_profiles.load_one(self.0.asset.db_profile_id).await?;
        Ok(DbProfile(found.ok_or_else(|| Error::not_found("this DB profile has been deleted; search again"))?))
    }

    /// The path of the asset.
    async fn asset(&self) -> AssetPath {
        AssetPath::from(&self.0.asset.path)
    }

    /// The comment when the catalog was last read, or the one that Gloss has written since.
    async fn comment(&self) -> Option<&str> {
        self.0.asset.comment.as_deref()
    }

    /// The text that was accepted last.
    async fn description(&self) -> Option<&str> {
        self.0.asset.description.as_deref()
    }

    /// The relevance; larger is better. Comparable only within one search.
    async fn score(&self) -> f64 {
        self.0.score
    }

    /// The words that matched, and where: `customer, email in the name; mail in the comment`.
    async fn why(&self) -> String {
        visible(&self.0.why()).into_owned()
    }
}

/// One page of hits.
pub type AssetHitConnection = Connection<AssetHit, AssetHitTotals>;

/// Converts the results in these profiles to a connection; `None` means all profiles.
pub fn hits(mut found: Found, profiles: Option<Vec<DbProfileId>>) -> AssetHitConnection {
    let page = std::mem::replace(&mut found.page, Page { rows: Vec::new(), has_next: false, has_previous: false });
    connection(page, AssetHitTotals { found, profiles }, AssetHit)
}

/// The count of hits.
pub struct AssetHitTotals {
    found: Found,
    profiles: Option<Vec<DbProfileId>>,
}

/// The count of hits.
#[Object]
impl AssetHitTotals {
    /// The number of hits, over all pages; counted up to 1,000.
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(count(services(context).searches.count(&self.found, self.profiles.as_deref()).await?))
    }
}
