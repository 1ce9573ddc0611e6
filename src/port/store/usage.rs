//! What models were used for.

use async_trait::async_trait;

use crate::domain::{Result, clock::Moment, profile::LlmProvider, usage::UsageSum};

/// The usage of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUsage {
    /// The service that answered; `None` where it is not known.
    pub provider: Option<LlmProvider>,
    /// The model as the provider spells it.
    pub model: String,
    /// What it was used for.
    pub sum: UsageSum,
}

/// What models were used for. Deleted runs stay counted.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// The usage of each model from a quarter of an hour on, or of all time.
    async fn usage_by_model(&self, from: Option<Moment>) -> Result<Vec<ModelUsage>>;

    /// The usage of each quarter of an hour that has any, from one on, or of all time; in no order.
    async fn usage_by_quarter(&self, from: Option<Moment>) -> Result<Vec<(Moment, UsageSum)>>;
}
