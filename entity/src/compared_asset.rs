//! The grids of kept comparisons.

use sea_orm::entity::prelude::*;

/// One asset that some of the runs touched. The key is the order of the grid.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "compared_asset")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub comparison_id: i64,
    /// How many of the runs have nothing for it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub missing: i32,
    /// The asset's spelling without its database, as a key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub display: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub asset_kind: String,
    /// What a search looks through besides the texts: the name in lower case.
    pub search_text: String,
    /// Null where the runs saw it in several.
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    pub agreement: String,
    pub similarity: Option<f64>,
    pub reference: Option<String>,
    /// The suggestions of the runs, by the runs' numbers; null where a run has none.
    pub suggestion_1: Option<i64>,
    pub suggestion_2: Option<i64>,
    pub suggestion_3: Option<i64>,
    pub suggestion_4: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
