//! The rows of runs: the assets in scope and the status of each.

use domain::asset::AssetKind;
use sea_orm::entity::prelude::*;

use crate::Word;

/// One asset in a run.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: i64,
    /// Counted from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub asset_kind: Word<AssetKind>,
    pub database_name: Option<String>,
    pub schema_name: Option<String>,
    pub table_name: Option<String>,
    pub column_name: Option<String>,
    /// PENDING, DONE, FAILED or SKIPPED.
    pub status: String,
    /// A structured error, as JSON.
    pub error: Option<String>,
    /// The suggestion that this row redoes; it may have been deleted.
    pub again: Option<i64>,
    /// The fingerprint of the asset; it differs once the asset has changed.
    pub fingerprint: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
