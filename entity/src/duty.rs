//! The duties: work that one process at a time does for all.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// A duty, and the worker that has it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "duty")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub worker_id: String,
    pub held_until: Millis,
}

impl ActiveModelBehavior for ActiveModel {}
