//! Sessions of questions.

use sea_orm::entity::prelude::*;

use crate::Millis;

/// A session: questions that build on each other.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ask_session")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub title: String,
    pub created_at: Millis,
    pub last_active_at: Millis,
}

impl ActiveModelBehavior for ActiveModel {}
