//! Search over the catalogs that `catalog/` holds.
//!
//! The rules: the database's full-text index finds and ranks. Its query is built from words of letters and digits only,
//! so no character of the caller's text acts as an operator. A cursor is the rank and the key. The number of ranked
//! assets is bounded, however common a word is.

use async_trait::async_trait;
use entity::{
    catalog_asset,
    suggestion::{self, Column},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use std::{collections::HashMap, sync::Arc};

use super::{
    SqlStore, all, catalog, dialect,
    full_text::{self, Breadth},
    keyset::{self, KeyType, Keyset},
    number, profiles, record, suggestions,
    transaction::Transaction,
    trouble::DbResult as _,
};
use crate::{
    domain::{
        Result,
        asset::AssetPath,
        catalog::{Schema, TableDetail},
        clock::Moment,
        coverage::Coverage,
        description::CatalogAsset,
        filter::OrderDirection,
        id::DbProfileId,
        page::{Cursor, CursorPart, Page, PageRequest},
        profile::DbProfile,
        search::{AssetHit, KnownAsset, Need, SearchQuery, UndescribedOf},
        suggestion::Suggestion,
    },
    port::store::CatalogStore,
};

/// A hit, before its asset is read. A smaller rank is better.
#[derive(Debug, FromQueryResult)]
struct Found {
    id: i64,
    rank: f64,
    /// Number of ranked hits.
    ranked: i64,
}

impl SqlStore {
    /// Runs `work` on a profile's catalog in a transaction. Does nothing if the profile was deleted or points to
    /// another database since its catalog was read.
    async fn take_in<F>(
        &self,
        profile: &DbProfile,
        work: impl FnOnce(Transaction, DbProfileId) -> F + Send + 'static,
    ) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let profile = profile.clone();
        self.transact(move |transaction| async move {
            if !profiles::is_the_same(&transaction, transaction.store.seal()?, &profile).await? {
                return Ok(());
            }
            work(transaction, profile.id).await
        })
        .await
    }

    /// Returns whether more than `beyond` assets match.
    async fn reaches(
        &self,
        query: &SearchQuery,
        need: Need,
        profiles: Option<&[DbProfileId]>,
        breadth: Breadth,
        beyond: u64,
    ) -> Result<bool> {
        let backend = self.read().get_database_backend();
        let mut found = full_text::search_catalog(backend, query, need, profiles, breadth, false);
        Ok(self.read().query_one(found.limit(1).offset(beyond)).await.db()?.is_some())
    }

    /// Returns where to search. If very many assets match, only those that match by name are ranked, if there are any:
    /// ranking reads every match, so its number is bounded.
    async fn breadth(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<Breadth> {
        let common = self.reaches(query, need, profiles, Breadth::Everything, full_text::RANKED).await?;
        let named = common && self.reaches(query, need, profiles, Breadth::Names, 0).await?;
        Ok(if named { Breadth::Names } else { Breadth::Everything })
    }
}

#[async_trait]
impl CatalogStore for SqlStore {
    async fn index_tables(&self, profile: &DbProfile, tables: &[Arc<TableDetail>]) -> Result<()> {
        let tables = tables.to_vec();
        self.take_in(profile, move |transaction, profile| async move {
            catalog::take_tables(&transaction, profile, &tables).await?;
            transaction.commit().await
        })
        .await
    }

    async fn index_schemas(&self, profile: &DbProfile, database: Option<&str>, schemas: &[Schema]) -> Result<()> {
        let (database, schemas) = (database.map(str::to_owned), schemas.to_vec());
        self.take_in(profile, move |transaction, profile| async move {
            catalog::take_schemas(&transaction, profile, database.as_deref(), &schemas).await?;
            transaction.commit().await
        })
        .await
    }

    async fn retain_tables(
        &self,
        profile: &DbProfile,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<()> {
        let (database, schema, tables) = (database.map(str::to_owned), schema.to_owned(), tables.to_vec());
        self.take_in(profile, move |transaction, profile| async move {
            catalog::retain_tables(&transaction, profile, database.as_deref(), &schema, &tables).await.db()?;
            transaction.commit().await
        })
        .await
    }

    async fn catalog_is_empty(&self, profile: &DbProfile) -> Result<()> {
        self.take_in(profile, move |transaction, profile| async move {
            catalog::forget(&transaction, profile).await.db()?;
            transaction.commit().await
        })
        .await
    }

    async fn catalog_read(&self, profile: &DbProfile, at: Moment) -> Result<()> {
        self.take_in(profile, move |transaction, profile| async move {
            catalog::mark_read(&transaction, profile, at).await?;
            transaction.commit().await
        })
        .await
    }

    async fn catalog_read_at(&self, profile: DbProfileId) -> Result<Option<Moment>> {
        catalog::read_at(self.read(), profile).await.db()
    }

    async fn unread_profiles(&self, profiles: &[DbProfileId]) -> Result<Vec<DbProfileId>> {
        catalog::unread(self.read(), profiles).await.db()
    }

    async fn coverage(&self, profile: &DbProfile) -> Result<Option<Coverage>> {
        let Some(read_at) = catalog::read_at(self.read(), profile.id).await.db()? else { return Ok(None) };
        let tallies = catalog::coverage(self.read(), profile.id, !profile.exclude.is_empty()).await?;
        Ok(Some(Coverage::of(tallies, &profile.exclude, read_at)))
    }

    async fn missing(&self, profile: &DbProfile, page: &PageRequest) -> Result<Page<AssetPath>> {
        catalog::missing(self.read(), profile, page).await
    }

    async fn search_count(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<i64> {
        if query.wanted.is_empty() {
            return Ok(0);
        }
        let breadth = self.breadth(query, need, profiles).await?;
        let backend = self.read().get_database_backend();
        let mut found = full_text::search_catalog(backend, query, need, profiles, breadth, false);
        found.limit(full_text::RANKED);
        let mut counted = Query::select();
        counted.expr(Expr::cust("count(*)")).from_subquery(found, "found");
        number(self.read(), &counted).await
    }

    async fn finds_any(&self, query: &SearchQuery, need: Need, profiles: Option<&[DbProfileId]>) -> Result<bool> {
        if query.wanted.is_empty() {
            return Ok(false);
        }
        self.reaches(query, need, profiles, Breadth::Everything, 0).await
    }

    async fn search_assets(
        &self,
        query: &SearchQuery,
        need: Need,
        profiles: Option<&[DbProfileId]>,
        page: &PageRequest,
    ) -> Result<Page<AssetHit>> {
        let keyset = Keyset {
            columns: vec![(Expr::col("rank"), KeyType::Float), (Expr::col("id"), KeyType::Int)],
            nullable: false,
            direction: OrderDirection::Asc,
        };
        if query.wanted.is_empty() {
            return Ok(Page { rows: Vec::new(), has_next: false, has_previous: false });
        }
        let backend = self.read().get_database_backend();
        let list = query.list_name(profiles, need);
        let ranked = async |breadth| {
            let mut ranked = full_text::search_catalog(backend, query, need, profiles, breadth, true);
            ranked.limit(full_text::RANKED + 1);
            let mut counted = Query::select();
            counted.columns(["id", "rank"]).expr_as(Expr::cust("count(*) OVER ()"), "ranked");
            counted.from_subquery(ranked, "found");
            let mut found = Query::select();
            found.columns(["id", "rank", "ranked"]).from_subquery(counted, "counted");
            let key = |row: &Found| vec![CursorPart::Float(row.rank), CursorPart::Int(row.id)];
            let cursor = |row: &Found| Cursor { list: list.clone(), key: key(row) };
            keyset::page(self.read(), &keyset, page, &found, cursor).await
        };
        // Several words are seldom all common, so check that on the ranked hits instead of with a query beforehand.
        let rare = need == Need::All && query.wanted.len() > 1;
        let breadth = if rare { Breadth::Everything } else { self.breadth(query, need, profiles).await? };
        let mut page: Page<Found> = ranked(breadth).await?;
        let common = page.rows.first().is_none_or(|(_, row)| row.ranked.unsigned_abs() > full_text::RANKED);
        if rare && common && self.breadth(query, need, profiles).await? == Breadth::Names {
            page = ranked(Breadth::Names).await?;
        }
        let ids: Vec<i64> = page.rows.iter().map(|(_, row)| row.id).collect();
        let these = catalog_asset::Column::Id.is_in(ids.iter().copied());
        let rows = catalog_asset::Entity::find().filter(these).all(self.read()).await.db()?;
        let mut assets: HashMap<i64, catalog_asset::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
        let finder = query.finder();
        // Assets that were removed between the two queries are left out.
        let rows = page.rows.into_iter().filter_map(|(cursor, found)| Some((cursor, assets.remove(&found.id)?, found)));
        let rows = rows.map(|(cursor, row, found)| {
            let [description, comment] =
                [&row.description, &row.comment].map(|text| text.as_deref().unwrap_or_default());
            let matches = finder.found_in([&row.names, &row.surroundings, description, comment]);
            (cursor, AssetHit { asset: catalog::known_asset(row), score: -found.rank, matches })
        });
        Ok(Page { rows: rows.collect(), has_next: page.has_next, has_previous: page.has_previous })
    }

    async fn assets_named(&self, profiles: &[DbProfileId], names: &[String]) -> Result<Vec<KnownAsset>> {
        catalog::named(self.read(), profiles, names).await.db()
    }

    async fn columns_of(&self, profile: DbProfileId, table: &AssetPath) -> Result<Vec<KnownAsset>> {
        catalog::columns_of(self.read(), profile, table).await.db()
    }

    async fn documented_assets(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>> {
        catalog::documented_assets(self.read(), profile, limit).await
    }

    async fn catalog_after(
        &self,
        profile: DbProfileId,
        schemas: Option<&[String]>,
        after: &str,
        limit: u64,
    ) -> Result<Vec<CatalogAsset>> {
        catalog::after(self.read(), profile, schemas, after, limit).await.db()
    }

    async fn catalog_schemas(&self, profile: DbProfileId) -> Result<Vec<String>> {
        catalog::schemas(self.read(), profile).await.db()
    }

    async fn foreign_keys(&self, profile: DbProfileId, limit: u64) -> Result<Vec<KnownAsset>> {
        catalog::foreign_keys(self.read(), profile, limit).await.db()
    }

    async fn tables_of(
        &self,
        profiles: &[DbProfileId],
        schema: Option<&AssetPath>,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64)> {
        catalog::tables_of(self.read(), profiles, schema, limit).await.db()
    }

    async fn name_words(&self, profiles: Option<&[DbProfileId]>) -> Result<HashMap<String, usize>> {
        catalog::name_words(self.read(), profiles).await.db()
    }

    async fn undescribed(
        &self,
        profiles: &[DbProfileId],
        of: &UndescribedOf,
        limit: u64,
    ) -> Result<(Vec<KnownAsset>, u64, u64)> {
        catalog::undescribed(self.read(), profiles, of, limit).await.db()
    }

    async fn suggestions_holding(
        &self,
        profiles: &[DbProfileId],
        words: &[Vec<String>],
        limit: u64,
    ) -> Result<Vec<Suggestion>> {
        use sea_orm::Iterable as _;
        let backend = self.read().get_database_backend();
        let runs = Query::select()
            .column(entity::run::Column::Id)
            .from(entity::run::Entity)
            .and_where(Expr::col(entity::run::Column::DbProfileId).is_in(profiles.iter().map(|id| id.0)))
            .take();
        let mut query = Query::select();
        query
            .columns(Column::iter())
            .from(suggestion::Entity)
            .and_where(Expr::col(Column::RunId).in_subquery(runs))
            .order_by_expr(dialect::plain(backend, Expr::col(Column::Id)), Order::Desc)
            .limit(limit);
        for spellings in words {
            let any = |any: Condition, spelling: &String| any.add(suggestions::holds(backend, spelling));
            query.cond_where(spellings.iter().fold(Condition::any(), any));
        }
        let rows: Vec<suggestion::Model> = all(self.read(), &query).await?;
        Ok(rows.into_iter().map(record::suggestion).collect())
    }
}
