//! DB profiles.

use sea_orm::entity::prelude::*;

/// A connection to a described database.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "db_profile")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique)]
    pub name: String,
    pub backend: String,
    /// The URL with its password, encrypted.
    pub url: String,
    pub pinned_database: Option<String>,
    pub sample_views: bool,
    pub created_at: i64,
    pub about: Option<String>,
    /// Patterns of excluded tables as JSON; null for none.
    pub exclude: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
