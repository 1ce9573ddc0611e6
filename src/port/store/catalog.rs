//! The search index of catalogs.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{
    Result,
    asset::AssetPath,
    catalog::{Schema, TableDetail},
    clock::Moment,
    coverage::Coverage,
    id::DbProfileId,
    page::{Page, PageRequest},
    profile::DbProfile,
    search::{AssetHit, KnownAsset, Need, SearchQuery},
    suggestion::Suggestion,
};

/// What is known of catalogs, for search and questions. It is a copy: the database itself is the truth.
#[async_trait]
pub trait CatalogStore: Send + Sync {
    /// Takes in tables as they were just read: what is new is added, what changed is changed, columns that are gone are
    /// removed. What did not change costs a look and no write. One transaction. A profile that is gone, or that leads
    /// to another database meanwhile, takes nothing; so with all that takes a profile here.
    async fn index_tables(&self, profile: &DbProfile, tables: &[Arc<TableDetail>]) -> Result<()>;

    /// Takes in the schemas of a database as they were just read. Other schemas are gone with all in them.
    async fn index_schemas(&self, profile: &DbProfile, database: Option<&str>, schemas: &[Schema]) -> Result<()>;

    /// Removes the tables of a schema that are not among these, which are all that it has.
    async fn keep_tables(
        &self,
        profile: &DbProfile,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<()>;

    /// There is no table in a profile's database.
    async fn catalog_is_empty(&self, profile: &DbProfile) -> Result<()>;

    /// A profile's catalog was read whole.
    async fn catalog_read(&self, profile: &DbProfile, at: Moment) -> Result<()>;

    /// When a profile's catalog was last read whole; `None` where it never was.
    async fn catalog_read_at(&self, profile: DbProfileId) -> Result<Option<Moment>>;

    /// Those of these profiles whose catalog was never read whole.
    async fn unread_profiles(&self, profiles: &[DbProfileId]) -> Result<Vec<DbProfileId>>;

    /// How much of a profile's catalog is documented, as it was last read whole; `None` where it never was.
    async fn coverage(&self, profile: &DbProfile) -> Result<Option<Coverage>>;

    /// Whether anything is found so, in these profiles or all.
    async fn finds_any(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<bool>;

    /// One page of what is found, best first. Cursors are of `SearchQuery::list_name`.
    async fn search_assets(
        &self,
        query: &SearchQuery,
        need: Need,
        profiles: Option<&[DbProfileId]>,
        page: &PageRequest,
    ) -> Result<Page<AssetHit>>;

    /// How many [`CatalogStore::search_assets`] finds in all; 1,000 is the most that it says.
    async fn search_count(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<i64>;

    /// Assets by how they are displayed, letter case aside.
    async fn assets_named(&self, profiles: &[DbProfileId], names: &[String]) -> Result<Vec<KnownAsset>>;

    /// The columns of a table, in their order.
    async fn columns_of(&self, profile: DbProfileId, table: &AssetPath) -> Result<Vec<KnownAsset>>;

    /// All columns of a profile that refer to another, by name, at most `limit`.
    async fn foreign_keys(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>>;

    /// The tables of these profiles, or of one of their schemas, by name, at most `limit`; and how many there are.
    async fn tables_of(
        &self,
        profiles: &[DbProfileId],
        schema: Option<&AssetPath>,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64)>;

    /// The newest suggestions on these databases whose asset or text holds all these words, each in one of its
    /// spellings, at most `limit`.
    async fn suggestions_holding(
        &self,
        profiles: &[DbProfileId],
        words: &[Vec<String>],
        limit: u64,
    ) -> Result<Vec<Suggestion>>;
}
