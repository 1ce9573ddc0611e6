//! What the last apply or roll-back of each run does.

use sea_orm::entity::prelude::*;

/// One comment to be written.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "apply_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub status: String,
    /// A write was begun and its end not recorded.
    pub begun: bool,
    pub suggestion_id: i64,
    /// The write that a roll-back undoes.
    pub undoes: Option<i64>,
    pub asset_kind: String,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    pub text: Option<String>,
    pub expected: Option<String>,
    pub statement: Option<String>,
    pub before_text: Option<String>,
    /// JSON.
    pub error: Option<String>,
    /// Which database the write was begun in, JSON.
    pub identity: Option<String>,
    /// The caller that ordered the write, if its outcome is unknown; otherwise null.
    pub doubt: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
