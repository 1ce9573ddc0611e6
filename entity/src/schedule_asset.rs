//! The assets that schedules have described.

use sea_orm::entity::prelude::*;

/// An asset as the schedule's runs last described it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule_asset")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: i64,
    /// The asset's path as JSON, as a key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub asset: String,
    pub fingerprint: String,
}

impl ActiveModelBehavior for ActiveModel {}
