//! Databases, schemas, tables and columns, read live from the target.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use crate::{
    domain::{asset::quote_part, catalog, profile::DbProfile},
    graphql::{
        connection::{Connection, connection, count, nested_page_cost, page_arguments},
        context::{loaders, services},
        loader::TableKey,
        scalar::Long,
        suggestion::object::AssetKind,
    },
    service::catalog::TableFilter,
};

/// A database of a target, read live.
pub struct Database {
    /// The profile whose database it is in.
    pub profile: Arc<DbProfile>,
    /// The kind of asset.
    pub database: catalog::Database,
}

/// A database of a target, read live.
#[Object]
impl Database {
    /// Its name.
    async fn name(&self) -> &str {
        &self.database.name
    }

    /// Its comment.
    async fn comment(&self) -> Option<&str> {
        self.database.comment.as_deref()
    }

    /// Its schemas by name, without system schemas. Null, with an error, if the database cannot be reached.
    #[graphql(complexity = "20 + 3 * child_complexity")]
    async fn schemas(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only the schema with this exact name.")] name: Option<String>,
    ) -> Option<Result<Vec<DatabaseSchema>>> {
        let catalog = &services(context).catalog;
        let found = catalog.schemas(&self.profile, &self.database.name, name.as_deref()).await;
        let shape =
            |schema| DatabaseSchema { profile: self.profile.clone(), database: self.database.name.clone(), schema };
        Some(found.map(|schemas| schemas.into_iter().map(shape).collect()).map_err(Into::into))
    }
}

/// A schema of a database, read live.
pub struct DatabaseSchema {
    profile: Arc<DbProfile>,
    database: String,
    schema: catalog::Schema,
}

/// A schema of a database, read live.
#[Object]
impl DatabaseSchema {
    /// Its name.
    async fn name(&self) -> &str {
        &self.schema.name
    }

    /// Its comment.
    async fn comment(&self) -> Option<&str> {
        self.schema.comment.as_deref()
    }

    /// Its tables and views by name. The page size is 50 by default and at most 200. Null, with an error, if the
    /// database cannot be reached.
    #[graphql(complexity = "nested_page_cost(first, last, child_complexity)")]
    async fn tables(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only the table with this exact name.")] name: Option<String>,
        #[graphql(desc = "Only tables with this text in their name or comment. Ignores case.")] search: Option<String>,
        #[graphql(desc = "The page size from the start, 0 to 200.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "The page size from the end, 0 to 200.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Option<Result<DatabaseTableConnection>> {
        let filter = TableFilter { name, search };
        let arguments = page_arguments(first, after, last, before);
        let catalog = &services(context).catalog;
        let found = catalog.tables(&self.profile, &self.database, &self.schema.name, &filter, &arguments).await;
        let shape = |table: catalog::Table| DatabaseTable {
            key: TableKey {
                profile: self.profile.id,
                database: self.database.clone(),
                schema: self.schema.name.clone(),
                table: table.name.clone(),
            },
            table,
        };
        let found =
            found.map(|(page, total)| connection(page, DatabaseTableTotals { total_count: count(total) }, shape));
        Some(found.map_err(Into::into))
    }
}

/// A table, view or materialized view, read live.
pub struct DatabaseTable {
    key: TableKey,
    table: catalog::Table,
}

/// A table, view or materialized view, read live.
#[Object]
impl DatabaseTable {
    /// Its name.
    async fn name(&self) -> &str {
        &self.table.name
    }

    /// Table, view or materialized view.
    async fn kind(&self) -> AssetKind {
        self.table.kind.into()
    }

    /// Its comment.
    async fn comment(&self) -> Option<&str> {
        self.table.comment.as_deref()
    }

    /// The approximate number of rows, from the database's own statistics; null if it keeps none.
    async fn row_estimate(&self) -> Option<Long> {
        self.table.row_estimate.map(Long)
    }

    /// Its columns in their order. Null if the table no longer exists, or, with an error, if the database cannot be
    /// reached.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn columns(&self, context: &Context<'_>) -> Option<Result<Vec<DatabaseColumn>>> {
        let detail = match loaders(context).details.load_one(self.key.clone()).await {
            Ok(detail) => detail?,
            Err(error) => return Some(Err(error.into())),
        };
        Some(Ok(detail.columns.iter().map(|column| DatabaseColumn::of(&detail, column)).collect()))
    }
}

/// A column, read live.
#[derive(SimpleObject, Debug, Clone)]
pub struct DatabaseColumn {
    /// Its name.
    name: String,
    /// Its type as the database writes it.
    r#type: String,
    /// Whether it can be null.
    nullable: bool,
    /// Its comment.
    comment: Option<String>,
    /// Whether it is part of the primary key.
    primary_key: bool,
    /// The target of its foreign key: `public.users.id`, without the schema if that is the table's own. For a composite
    /// key, all columns: `stock.bin (warehouse_id, bin_no)`.
    references: Option<String>,
}

impl DatabaseColumn {
    fn of(table: &catalog::TableDetail, column: &catalog::Column) -> Self {
        let key = table.foreign_key_of(&column.name);
        Self {
            name: column.name.clone(),
            r#type: column.data_type.clone(),
            nullable: column.nullable,
            comment: column.comment.clone(),
            primary_key: column.primary_key,
            references: key.map(|key| key.target(quote_part)),
        }
    }
}

/// One page of a schema's tables.
pub type DatabaseTableConnection = Connection<DatabaseTable, DatabaseTableTotals>;

/// The count of a schema's tables.
#[derive(SimpleObject)]
pub struct DatabaseTableTotals {
    /// The number of tables that match, over all pages.
    total_count: i32,
}
