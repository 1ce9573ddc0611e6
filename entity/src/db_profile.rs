//! DB profiles.

use domain::{pattern::TablePattern, profile::DbBackend};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis, Word};

/// A connection to a described database.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "db_profile")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique)]
    pub name: String,
    pub backend: Word<DbBackend>,
    /// The URL with its password, encrypted.
    pub url: String,
    pub pinned_database: Option<String>,
    pub sample_views: bool,
    pub created_at: Millis,
    pub about: Option<String>,
    /// Patterns of excluded tables; null for none.
    pub exclude: Option<JsonText<Vec<TablePattern>>>,
}

impl ActiveModelBehavior for ActiveModel {}
