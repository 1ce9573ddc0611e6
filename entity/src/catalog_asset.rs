//! What is known of catalogs.

use sea_orm::entity::prelude::*;

/// Something of a catalog, as it was last read. Its table and column in one text each are its key.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog_asset")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub db_profile_id: i64,
    /// Database, schema and table as keys, each ended by U+001F; without the table for a schema.
    pub table_key: String,
    /// The column as a key; empty for what is none.
    pub column_key: String,
    /// How it is displayed, in lower case, as a key.
    pub folded: String,
    /// Its spelling as a key, by which its suggestions are found.
    pub display: String,
    pub asset_kind: String,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    /// A column's place in its table, from 1; 0 for what is none.
    pub position: i32,
    pub data_type: Option<String>,
    pub nullable: bool,
    pub primary_key: bool,
    /// The column that it refers to, as displayed.
    pub refers_to: Option<String>,
    /// The `table_key` of what it refers to.
    pub refers_to_key: Option<String>,
    /// As JSON, where several columns refer together.
    pub foreign_key: Option<String>,
    /// The words of its name.
    pub names: String,
    /// The words of the names of its table and schema.
    pub surroundings: String,
    pub comment: Option<String>,
    /// The text of the suggestion below.
    pub description: Option<String>,
    /// The suggestion that was accepted last.
    pub described_by: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
