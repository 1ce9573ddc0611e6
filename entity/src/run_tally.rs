//! How many runs there are of each combination of what lists filter by, so that a total is a short sum. Kept by
//! triggers on the runs.

use sea_orm::entity::prelude::*;

/// So many runs are alike; 0 stands for none.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_tally")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub status: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub db_profile_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub llm_profile_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub started_by: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub has_failures: bool,
    pub n: i64,
}

impl ActiveModelBehavior for ActiveModel {}
