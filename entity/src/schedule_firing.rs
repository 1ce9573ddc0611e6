//! The recent firings of schedules.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// One firing.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_firing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_at: i64,
    pub taken_at: Millis,
    /// Null if the firing started no run.
    pub run_id: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
