//! The completed readings of catalogs.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// The time at which a profile's whole catalog was last read.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "catalog_reading")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub db_profile_id: i64,
    pub read_at: Millis,
}

impl ActiveModelBehavior for ActiveModel {}
