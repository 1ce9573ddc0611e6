//! Stored comparisons.

use sea_orm::entity::prelude::*;

/// The compared runs and the metrics of the comparison.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comparison")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The runs and the baseline in canonical form.
    pub key: String,
    /// A stamp of the texts from which the comparison was computed.
    pub stamp: String,
    /// The metrics as JSON; null while they are being computed.
    pub figures: Option<String>,
    /// Number of assets in the grid; 0 while it is being computed.
    pub assets: i64,
    pub begun_at: i64,
    pub finished_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
