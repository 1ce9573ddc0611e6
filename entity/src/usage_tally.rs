//! The usage of models per quarter of an hour, from which usage reports are computed.

use sea_orm::entity::prelude::*;

/// The usage of one model in one quarter of an hour.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_tally")]
pub struct Model {
    /// The start of the quarter of an hour.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter: i64,
    /// Empty if unknown.
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub model: String,
    /// Number of runs that started in this quarter.
    pub runs: i64,
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub cache_write_tokens: i64,
    pub output_tokens: i64,
    pub cost_usd: f64,
    /// Number of changes with requests of unknown price.
    pub unpriced: i64,
    pub model_ms: i64,
    pub requests: i64,
    pub retries: i64,
    pub repeats: i64,
}

impl ActiveModelBehavior for ActiveModel {}
