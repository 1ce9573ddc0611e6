//! The indexed catalogs.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use crate::domain::{
    Result,
    asset::AssetPath,
    catalog::{Schema, TableDetail},
    clock::Moment,
    coverage::Coverage,
    description::CatalogAsset,
    id::DbProfileId,
    page::{Page, PageRequest},
    profile::DbProfile,
    search::{AssetHit, KnownAsset, Need, SearchQuery, UndescribedOf, nearest},
    suggestion::Suggestion,
    words,
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

    /// Returns one page, forward, of the assets that have neither a comment nor an accepted text, by name, without the
    /// tables that the profile excludes. Cursors belong to the list [`MISSING`](crate::domain::coverage::MISSING).
    async fn missing(&self, profile: &DbProfile, page: &PageRequest) -> Result<Page<AssetPath>>;

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

    /// Returns at most `limit` tables and columns of a profile that have a comment or an accepted description, by
    /// name.
    async fn documented_assets(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>>;

    /// Returns everything in a profile's catalog, or in these schemas of it, in order: at most `limit` tables after the
    /// table or schema with the key `after`, each followed by its columns. Schemas count as tables without columns.
    async fn catalog_after(
        &self,
        profile: DbProfileId,
        schemas: Option<&[String]>,
        after: &str,
        limit: u64,
    ) -> Result<Vec<CatalogAsset>>;

    /// Returns the names of the schemas in a profile's catalog, by name.
    async fn catalog_schemas(&self, profile: DbProfileId) -> Result<Vec<String>>;

    /// Returns at most `limit` columns of a profile that refer to another one, by name.
    async fn foreign_keys(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>>;

    /// Returns at most `limit` tables of these profiles, or of one schema, by name, and their total number.
    async fn tables_of(
        &self,
        profiles: &[DbProfileId],
        schema: Option<&AssetPath>,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64)>;

    /// Returns the words of the names in these profiles, or in all, as indexed, with the number of names that contain
    /// each.
    async fn name_words(&self, profiles: Option<&[DbProfileId]>) -> Result<HashMap<String, usize>>;

    /// Returns at most `limit` assets that have neither a comment nor an accepted description, by name, the number of
    /// all those, and the number of all assets considered: the tables, the columns, or one table's columns.
    async fn undescribed(
        &self,
        profiles: &[DbProfileId],
        of: &UndescribedOf,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64, u64)>;

    /// Parses a query like [`SearchQuery::of`], with misspelled words read as the most similar word of a name. Also
    /// returns what was read so: the word, and what it was taken for.
    async fn corrected(
        &self,
        text: &str,
        prefix: bool,
        profiles: Option<&[DbProfileId]>,
    ) -> Result<(SearchQuery, Vec<(String, String)>)> {
        let mut unknown = Vec::new();
        for word in SearchQuery::doubtful(text) {
            if !self.finds_any(&SearchQuery::of(&word, prefix), Need::All, profiles).await? {
                unknown.push(word);
            }
        }
        let mut read = Vec::new();
        if !unknown.is_empty() {
            let words = self.name_words(profiles).await?;
            read.extend(unknown.into_iter().filter_map(|word| nearest(&word, &words).map(|near| (word, near))));
            read.retain(|(word, near)| word != near);
        }
        if read.is_empty() {
            return Ok((SearchQuery::of(text, prefix), read));
        }
        let meant = |word: String| read.iter().find(|(from, _)| *from == word).map_or(word, |(_, to)| to.clone());
        let text: Vec<String> = words::split(text).into_iter().map(meant).collect();
        Ok((SearchQuery::of(&text.join(" "), prefix), read))
    }

    /// Returns the newest suggestions on these databases, at most `limit`, whose asset or text contains all these
    /// words, each in one of its spellings.
    async fn suggestions_holding(
        &self,
        profiles: &[DbProfileId],
        words: &[Vec<String>],
        limit: u64,
    ) -> Result<Vec<Suggestion>>;
}
