//! The runs of stored comparisons.

use sea_orm::entity::prelude::*;

/// A run, or the baseline, of a comparison.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "compared_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub comparison_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}
