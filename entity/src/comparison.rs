//! Stored comparisons.

use domain::compare::TextFigures;
use sea_orm::entity::prelude::*;

use crate::{JsonText, Millis};

/// The compared runs and the metrics of the comparison.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "comparison")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The runs and the baseline in canonical form.
    pub key: String,
    /// A stamp of the texts from which the comparison was computed.
    pub stamp: String,
    /// The metrics; null while they are being computed.
    pub figures: Option<JsonText<Vec<TextFigures>>>,
    /// Number of assets in the grid; 0 while it is being computed.
    pub assets: i64,
    pub begun_at: Millis,
    pub finished_at: Option<Millis>,
}

impl ActiveModelBehavior for ActiveModel {}
