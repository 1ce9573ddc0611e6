//! The assets of catalogs, as indexed for search.

use domain::{asset::AssetKind, catalog::ForeignKey};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Word};

/// An asset of a catalog, as it was last read. The key is `table_key` and `column_key` within the profile.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog_asset")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub db_profile_id: i64,
    /// Database, schema and table as keys, each terminated by U+001F. A schema has no table part.
    pub table_key: String,
    /// The column as a key; empty for other assets.
    pub column_key: String,
    /// The display name in lowercase, as a key.
    pub folded: String,
    /// The display name as a key; finds the asset's suggestions.
    pub display: String,
    pub asset_kind: Word<AssetKind>,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    /// A column's position in its table, from 1; 0 for other assets.
    pub position: i32,
    pub data_type: Option<String>,
    pub nullable: bool,
    pub primary_key: bool,
    /// Whether a unique key covers the column alone.
    pub is_unique: bool,
    /// The display name of the referenced column.
    pub refers_to: Option<String>,
    /// The `table_key` of the referenced table.
    pub refers_to_key: Option<String>,
    /// The foreign key, if it has several columns.
    pub foreign_key: Option<JsonText<ForeignKey>>,
    /// The words of the asset's name.
    pub names: String,
    /// The words of the names of its table and schema.
    pub surroundings: String,
    pub comment: Option<String>,
    /// The text of the suggestion in `described_by`.
    pub description: Option<String>,
    /// The suggestion that was accepted last.
    pub described_by: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
