//! Comparisons that are kept.

use sea_orm::entity::prelude::*;

/// What was compared, and what the texts add up to.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "comparison")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The runs and the baseline, always spelled alike.
    pub key: String,
    /// Which texts of these runs it saw.
    pub stamp: String,
    /// JSON; null while it is made.
    pub figures: Option<String>,
    /// How many assets its grid has; 0 while it is made.
    pub assets: i64,
    pub begun_at: i64,
    pub finished_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
