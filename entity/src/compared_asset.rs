//! The grids of stored comparisons.

use domain::{asset::AssetKind, compare::Agreement};
use sea_orm::entity::prelude::*;

use crate::Word;

/// An asset that at least one of the compared runs described. The primary key is the grid's order.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "compared_asset")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub comparison_id: i64,
    /// Number of runs that have no suggestion for the asset.
    #[sea_orm(primary_key, auto_increment = false)]
    pub missing: i32,
    /// The display name without the database, as a key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub display: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub asset_kind: Word<AssetKind>,
    /// The name in lowercase, which is searched in addition to the texts.
    pub search_text: String,
    /// Null if the runs found the asset in different databases.
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    pub agreement: Word<Agreement>,
    pub similarity: Option<f64>,
    pub reference: Option<String>,
    /// The suggestions of the runs, ordered by run number; null if a run has none.
    pub suggestion_1: Option<i64>,
    pub suggestion_2: Option<i64>,
    pub suggestion_3: Option<i64>,
    pub suggestion_4: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
