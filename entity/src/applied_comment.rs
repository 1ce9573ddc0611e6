//! The audit: every write to a database that is described.

use sea_orm::entity::prelude::*;

/// One write. It refers to nothing that could take it away.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "applied_comment")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: i64,
    pub rolled_back_at: Option<i64>,
    pub run_id: i64,
    pub suggestion_id: i64,
    pub db_profile_id: Option<i64>,
    /// For a write of a roll-back: the write that it undid.
    pub undoes: Option<i64>,
    /// JSON.
    pub asset: String,
    pub db_profile_name: String,
    pub before_text: Option<String>,
    pub after_text: Option<String>,
    pub actor: String,
    /// What a search looks through, in lower case.
    pub search_text: String,
    /// Which database, JSON; null in records of versions that did not know.
    pub identity: Option<String>,
    /// The asset's JSON, always spelled the same way, as a key: it leads to all writes on the asset.
    pub asset_key: String,
}

impl ActiveModelBehavior for ActiveModel {}
