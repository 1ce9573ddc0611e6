//! The indexed catalogs.

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

/// The indexed catalogs, for search and questions. They are copies; only the described database has the current facts.
#[async_trait]
pub trait CatalogStore: Send + Sync {
    /// Stores tables that were just read, in one transaction: adds new ones, updates changed ones, and removes columns
    /// that no longer exist. Unchanged rows cost a read and no write.
    ///
    /// Like all methods that change the catalog of a [`DbProfile`], this does nothing if the profile was deleted or
    /// points to another database meanwhile.
    async fn index_tables(&self, profile: &DbProfile, tables: &[Arc<TableDetail>]) -> Result<()>;

    /// Stores the schemas of a database that were just read. Removes other schemas and everything in them.
    async fn index_schemas(&self, profile: &DbProfile, database: Option<&str>, schemas: &[Schema]) -> Result<()>;

    /// Removes the tables of a schema that are not in `tables`, the complete list.
    async fn retain_tables(
        &self,
        profile: &DbProfile,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<()>;

    /// Records that a profile's database has no tables.
    async fn catalog_is_empty(&self, profile: &DbProfile) -> Result<()>;

    /// Records that a profile's catalog was read completely.
    async fn catalog_read(&self, profile: &DbProfile, at: Moment) -> Result<()>;

    /// Returns when a profile's catalog was last read completely; `None` if never.
    async fn catalog_read_at(&self, profile: DbProfileId) -> Result<Option<Moment>>;

    /// Returns those of these profiles whose catalog was never read completely.
    async fn unread_profiles(&self, profiles: &[DbProfileId]) -> Result<Vec<DbProfileId>>;

    /// Returns the documentation coverage of a profile's catalog; `None` if it was never read completely.
    async fn coverage(&self, profile: &DbProfile) -> Result<Option<Coverage>>;

    /// Returns whether a search in these profiles, or in all, has any hits.
    async fn finds_any(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<bool>;

    /// Returns one page of hits, best first. Cursors belong to the list `SearchQuery::list_name`.
    async fn search_assets(
        &self,
        query: &SearchQuery,
        need: Need,
        profiles: Option<&[DbProfileId]>,
        page: &PageRequest,
    ) -> Result<Page<AssetHit>>;

    /// Returns the number of hits of [`CatalogStore::search_assets`], at most 1,000.
    async fn search_count(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<i64>;

    /// Returns the assets with these displayed names, ignoring case.
    async fn assets_named(&self, profiles: &[DbProfileId], names: &[String]) -> Result<Vec<KnownAsset>>;

    /// Returns the columns of a table, in their order.
    async fn columns_of(&self, profile: DbProfileId, table: &AssetPath) -> Result<Vec<KnownAsset>>;

    /// Returns at most `limit` columns of a profile that refer to another one, by name.
    async fn foreign_keys(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>>;

    /// Returns at most `limit` tables of these profiles, or of one schema, by name, and their total number.
    async fn tables_of(
        &self,
        profiles: &[DbProfileId],
        schema: Option<&AssetPath>,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64)>;

    /// Returns the newest suggestions on these databases, at most `limit`, whose asset or text contains all these
    /// words, each in one of its spellings.
    async fn suggestions_holding(
        &self,
        profiles: &[DbProfileId],
        words: &[Vec<String>],
        limit: u64,
    ) -> Result<Vec<Suggestion>>;
}
