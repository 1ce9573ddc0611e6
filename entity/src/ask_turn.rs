//! Questions and their answers.

use domain::{asset::AssetPath, id::DbProfileId};
use sea_orm::entity::prelude::*;

use crate::JsonText;

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
    /// The profiles to search.
    pub db_profile_ids: JsonText<Vec<DbProfileId>>,
    /// Whether these were all profiles, because the question named none.
    pub everywhere: bool,
    pub answer: Option<String>,
    /// The cited assets.
    pub citations: JsonText<Vec<AssetPath>>,
}

impl ActiveModelBehavior for ActiveModel {}
