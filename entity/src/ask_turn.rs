//! Questions with their answers.

use sea_orm::entity::prelude::*;

/// One question of a session, and the run that answers it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ask_turn")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub session_id: i64,
    pub run_id: i64,
    pub question: String,
    /// JSON: where to look.
    pub db_profile_ids: String,
    /// Whether that was all profiles, because none was named.
    pub everywhere: bool,
    pub answer: Option<String>,
    /// JSON.
    pub citations: String,
}

impl ActiveModelBehavior for ActiveModel {}
