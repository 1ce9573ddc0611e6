//! Creates the searchable assets of catalogs and their full-text index.

use sea_orm_migration::prelude::*;

use super::{belongs_to, columns, create_indexes, create_table, execute};
use sea_orm_migration::schema::big_pk_auto;

/// Names are already split into words; the index does the English stemming. The texts stay in the table.
const SQLITE: [&str; 4] = [
    "CREATE VIRTUAL TABLE catalog_search USING fts5(
        names, surroundings, description, comment,
        content = 'catalog_asset', content_rowid = 'id', tokenize = 'porter unicode61')",
    "CREATE TRIGGER catalog_search_insert AFTER INSERT ON catalog_asset BEGIN
        INSERT INTO catalog_search (rowid, names, surroundings, description, comment)
        VALUES (NEW.id, NEW.names, NEW.surroundings, NEW.description, NEW.comment);
    END",
    "CREATE TRIGGER catalog_search_delete AFTER DELETE ON catalog_asset BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, names, surroundings, description, comment)
        VALUES ('delete', OLD.id, OLD.names, OLD.surroundings, OLD.description, OLD.comment);
    END",
    "CREATE TRIGGER catalog_search_update AFTER UPDATE OF names, surroundings, description, comment ON catalog_asset
        WHEN OLD.names <> NEW.names OR OLD.surroundings <> NEW.surroundings
            OR OLD.description IS NOT NEW.description OR OLD.comment IS NOT NEW.comment BEGIN
        INSERT INTO catalog_search (catalog_search, rowid, names, surroundings, description, comment)
        VALUES ('delete', OLD.id, OLD.names, OLD.surroundings, OLD.description, OLD.comment);
        INSERT INTO catalog_search (rowid, names, surroundings, description, comment)
        VALUES (NEW.id, NEW.names, NEW.surroundings, NEW.description, NEW.comment);
    END",
];

/// PostgreSQL keeps the index in a column: weight A for names, D for surroundings. No stop words are used, because a
/// column may be called "from" or "other". Punctuation separates words, because PostgreSQL would otherwise recognize
/// addresses, paths and hosts in texts. New entries go directly into the index, not into a pending list that every
/// search would have to read.
const POSTGRES: [&str; 5] = [
    "CREATE TEXT SEARCH DICTIONARY catalog_stem (TEMPLATE = snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION catalog_words (COPY = english)",
    "ALTER TEXT SEARCH CONFIGURATION catalog_words ALTER MAPPING REPLACE english_stem WITH catalog_stem",
    r##"ALTER TABLE catalog_asset ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('catalog_words', names), 'A')
        || setweight(to_tsvector('catalog_words', translate(coalesce(description, ''),
            '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32))), 'B')
        || setweight(to_tsvector('catalog_words', translate(coalesce(comment, ''),
            '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32))), 'C')
        || setweight(to_tsvector('catalog_words', surroundings), 'D')) STORED"##,
    "CREATE INDEX catalog_asset_search ON catalog_asset USING gin (search) WITH (fastupdate = off)",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("catalog_asset").col(big_pk_auto("id"));
        let blocks = [
            columns(&["db_profile_id"], ColumnDef::big_integer),
            columns(&["table_key", "column_key", "folded"], ColumnDef::text),
            columns(&["asset_kind", "database_name?", "schema_name?", "table_name?", "column_name?"], ColumnDef::text),
            columns(&["position"], ColumnDef::integer),
            columns(&["data_type?"], ColumnDef::text),
            columns(&["nullable", "primary_key"], ColumnDef::boolean),
            columns(&["refers_to?", "refers_to_key?"], ColumnDef::text),
            columns(&["names", "surroundings", "comment?", "description?"], ColumnDef::text),
            columns(&["described_by?"], ColumnDef::big_integer),
        ];
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        table.foreign_key(&mut belongs_to("catalog_asset", "db_profile_id", "db_profile"));
        create_table(manager, table).await?;
        let mut by_path = Index::create();
        by_path.name("catalog_asset_by_path").table("catalog_asset").unique();
        by_path.col("db_profile_id").col("table_key").col("column_key");
        manager.create_index(by_path).await?;
        create_indexes(
            manager,
            "catalog_asset",
            &[
                ("catalog_asset_by_name", &["db_profile_id", "folded"]),
                ("catalog_asset_by_reference", &["db_profile_id", "refers_to_key"]),
                ("catalog_asset_by_kind", &["db_profile_id", "asset_kind"]),
                ("catalog_asset_by_description", &["described_by"]),
            ],
        )
        .await?;
        create_indexes(
            manager,
            "suggestion",
            &[("suggestion_by_asset", &["table_name", "schema_name", "column_name", "review_state"])],
        )
        .await?;

        let mut table = Table::create();
        table.table("catalog_reading");
        for mut column in columns(&["db_profile_id", "read_at"], ColumnDef::big_integer) {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("db_profile_id"));
        table.foreign_key(&mut belongs_to("catalog_reading", "db_profile_id", "db_profile"));
        create_table(manager, table).await?;

        execute(manager, &SQLITE, &POSTGRES).await
    }
}
