//! Model usage.

use async_trait::async_trait;

use crate::domain::{Result, clock::Moment, profile::LlmProvider, usage::UsageSum};

/// The usage of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUsage {
    /// The provider; `None` if it is unknown.
    pub provider: Option<LlmProvider>,
    /// The model as the provider spells it.
    pub model: String,
    /// The usage.
    pub sum: UsageSum,
}

/// Model usage. Usage of deleted runs stays counted.
#[async_trait]
pub trait UsageStore: Send + Sync {
    /// Returns the usage of each model since the quarter of an hour at `from`, or of all time.
    async fn usage_by_model(&self, from: Option<Moment>) -> Result<Vec<ModelUsage>>;

    /// Returns the usage of each quarter of an hour that has any, since `from` or of all time, in no particular order.
    async fn usage_by_quarter(&self, from: Option<Moment>) -> Result<Vec<(Moment, UsageSum)>>;
}
