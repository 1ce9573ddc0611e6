//! The number of runs for each combination of filter values, so that a total is a short sum. Triggers on `run`
//! maintain it.

use sea_orm::entity::prelude::*;

/// The number of runs with these values; 0 stands for no profile or schedule.
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
