//! The suggestions of runs.

use sea_orm::entity::prelude::*;

/// What a run proposes for one asset.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "suggestion")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub run_id: i64,
    pub position: i32,
    pub asset_kind: String,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    /// The asset's spelling as a key, in whose order names are listed.
    pub display: String,
    /// The first wording.
    pub description: String,
    /// What a search looks through, in lower case.
    pub search_text: String,
    pub confidence: f64,
    pub logprob: Option<f64>,
    pub reasoning: Option<String>,
    pub existing_comment: Option<String>,
    pub review_state: String,
    pub reviewer: Option<String>,
    pub reviewed_at: Option<i64>,
    pub review_text: Option<String>,
    pub version: i32,
    /// The first of its chain, which may be gone; null where it is the first itself.
    pub chain_id: Option<i64>,
    /// Its newest write that was not undone.
    pub applied_id: Option<i64>,
    /// The text that stands in the database for it, as far as Gloss knows.
    pub applied_text: Option<String>,
    /// A column's type, as the database spelled it when the run looked.
    pub data_type: Option<String>,
    /// Null in rows of earlier versions until they are rated.
    pub substance: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
