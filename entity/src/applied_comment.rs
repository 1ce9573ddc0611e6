//! The audit: every write to a described database.

use domain::{asset::AssetPath, identity::Identity};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis};

/// One write. It has no foreign keys, so that no deletion removes it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "applied_comment")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: Millis,
    pub rolled_back_at: Option<Millis>,
    pub run_id: i64,
    pub suggestion_id: i64,
    pub db_profile_id: Option<i64>,
    /// The write that this roll-back undid; null for a write of an apply.
    pub undoes: Option<i64>,
    /// The asset's path.
    pub asset: JsonText<AssetPath>,
    pub db_profile_name: String,
    pub before_text: Option<String>,
    pub after_text: Option<String>,
    pub actor: String,
    /// The searched text, in lowercase.
    pub search_text: String,
    /// The identity of the database; null in rows of versions that did not record it.
    pub identity: Option<JsonText<Identity>>,
    /// The asset's path as canonical JSON, bounded in length; the key to all writes on the asset.
    pub asset_key: String,
    /// Whether the text is a reviewer's own instead of a suggested one.
    pub edited: bool,
}

impl ActiveModelBehavior for ActiveModel {}
