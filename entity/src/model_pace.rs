//! The pace of LLM profiles, which all processes share.

use sea_orm::entity::prelude::*;

/// When the next request to a profile's model is due, in microseconds since the Unix epoch by the database's clock.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "model_pace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub llm_profile_id: i64,
    pub next_us: i64,
}

impl ActiveModelBehavior for ActiveModel {}
