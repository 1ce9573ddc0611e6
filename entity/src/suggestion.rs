//! The suggestions of runs.

use domain::{asset::AssetKind, substance::Substance, suggestion::ReviewState};
use sea_orm::entity::prelude::*;

use crate::{Millis, Word};

/// The description that a run suggests for an asset.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "suggestion")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub run_id: i64,
    pub position: i32,
    pub asset_kind: Word<AssetKind>,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    /// The display name as a key; the sort key of lists by name.
    pub display: String,
    /// The text of the first alternative.
    pub description: String,
    /// The searched text, in lowercase.
    pub search_text: String,
    pub confidence: f64,
    pub logprob: Option<f64>,
    pub reasoning: Option<String>,
    pub existing_comment: Option<String>,
    pub review_state: Word<ReviewState>,
    pub reviewer: Option<String>,
    pub reviewed_at: Option<Millis>,
    pub review_text: Option<String>,
    pub version: i32,
    /// The first version in its chain, which may have been deleted; null for the first version itself.
    pub chain_id: Option<i64>,
    /// The newest write of this suggestion that was not rolled back.
    pub applied_id: Option<i64>,
    /// The comment that this suggestion has in the database, as far as Gloss knows.
    pub applied_text: Option<String>,
    /// A column's type as the database spelled it when the run read it.
    pub data_type: Option<String>,
    /// Null in rows of earlier versions until they have been rated.
    pub substance: Option<Word<Substance>>,
}

impl ActiveModelBehavior for ActiveModel {}
