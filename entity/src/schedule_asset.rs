//! What the runs of schedules have taken up.

use sea_orm::entity::prelude::*;

/// One asset as a run of the schedule last described it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_asset")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: i64,
    /// Its path, JSON, as a key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub asset: String,
    pub fingerprint: String,
}

impl ActiveModelBehavior for ActiveModel {}
