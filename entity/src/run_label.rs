//! The labels of runs, one row each, for the filters of lists.

use sea_orm::entity::prelude::*;

/// A label of a run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_label")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub label: String,
}

impl ActiveModelBehavior for ActiveModel {}
