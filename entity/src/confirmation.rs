//! Confirmations by users that two databases are the same.

use domain::identity::Identity;
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis};

/// One confirmation. It has no foreign keys, so that no deletion removes it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "confirmation")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: Millis,
    pub db_profile_id: i64,
    /// The previous identity; null for runs that recorded none.
    pub from_identity: Option<JsonText<Identity>>,
    /// The confirmed identity.
    pub to_identity: JsonText<Identity>,
    pub actor: String,
}

impl ActiveModelBehavior for ActiveModel {}
