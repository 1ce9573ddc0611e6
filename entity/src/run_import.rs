//! The keys of imported runs.

use sea_orm::entity::prelude::*;

/// An imported run. An import that names the key again adds nothing to what the run has.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub run_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}
