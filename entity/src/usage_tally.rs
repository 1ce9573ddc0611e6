//! What models were used for, summed over quarters of an hour: what usage reports read.

use sea_orm::entity::prelude::*;

/// The usage of one model in one quarter of an hour.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_tally")]
pub struct Model {
    /// Its beginning.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter: i64,
    /// Empty where none is known.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub model: String,
    /// Runs that started in it.
    pub runs: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: f64,
    /// Changes whose price is not known.
    pub unpriced: i64,
    pub model_ms: i64,
    pub requests: i64,
    pub retries: i64,
}

impl ActiveModelBehavior for ActiveModel {}
