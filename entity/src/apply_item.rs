//! The writes of each run's last apply or roll-back.

use domain::{apply::ApplyStatus, asset::AssetKind, identity::Identity, run::RunError};
use sea_orm::entity::prelude::*;

use crate::{JsonText, Word};

/// One comment to write.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "apply_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// Counted from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub status: Word<ApplyStatus>,
    /// Whether the write was begun. It stays set until the outcome is recorded.
    pub begun: bool,
    pub suggestion_id: i64,
    /// The write that a roll-back undoes; null in an apply.
    pub undoes: Option<i64>,
    pub asset_kind: Word<AssetKind>,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    pub text: Option<String>,
    pub expected: Option<String>,
    pub statement: Option<String>,
    pub before_text: Option<String>,
    /// A structured error.
    pub error: Option<JsonText<RunError>>,
    /// The identity of the database in which the write was begun.
    pub identity: Option<JsonText<Identity>>,
    /// The caller that ordered the write, if its outcome is unknown; otherwise null.
    pub doubt: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
