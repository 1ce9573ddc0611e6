//! LLM profiles.

use domain::profile::LlmProvider;
use sea_orm::entity::prelude::*;

use crate::{Millis, Word};

/// A provider, a model, an API key and limits.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "llm_profile")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(unique)]
    pub name: String,
    pub provider: Word<LlmProvider>,
    pub model: String,
    pub base_url: Option<String>,
    /// Encrypted.
    pub api_key: Option<String>,
    pub is_default: bool,
    pub concurrency: i32,
    pub requests_per_minute: Option<i32>,
    pub input_cost_per_million_tokens: Option<f64>,
    pub cached_input_cost_per_million_tokens: Option<f64>,
    pub output_cost_per_million_tokens: Option<f64>,
    pub created_at: Millis,
}

impl ActiveModelBehavior for ActiveModel {}
