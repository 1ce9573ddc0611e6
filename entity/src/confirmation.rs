//! Confirmations by users that two databases are the same.

use sea_orm::entity::prelude::*;

/// One confirmation. It has no foreign keys, so that no deletion removes it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "confirmation")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: i64,
    pub db_profile_id: i64,
    /// The previous identity as JSON; null for runs that recorded none.
    pub from_identity: Option<String>,
    /// The confirmed identity, as JSON.
    pub to_identity: String,
    pub actor: String,
}

impl ActiveModelBehavior for ActiveModel {}
