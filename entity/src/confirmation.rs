//! People's word that two databases are the same one.

use sea_orm::entity::prelude::*;

/// One confirmation. It refers to nothing that could take it away.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "confirmation")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub at: i64,
    pub db_profile_id: i64,
    /// JSON; null for runs that recorded no database.
    pub from_identity: Option<String>,
    /// JSON.
    pub to_identity: String,
    pub actor: String,
}

impl ActiveModelBehavior for ActiveModel {}
