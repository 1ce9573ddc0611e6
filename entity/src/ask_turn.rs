//! Questions and their answers.

use sea_orm::entity::prelude::*;

/// One question of a session, with the run that answers it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ask_turn")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub session_id: i64,
    pub run_id: i64,
    pub question: String,
    /// The profiles to search, as JSON.
    pub db_profile_ids: String,
    /// Whether these were all profiles, because the question named none.
    pub everywhere: bool,
    pub answer: Option<String>,
    /// The cited assets, as JSON.
    pub citations: String,
}

impl ActiveModelBehavior for ActiveModel {}
