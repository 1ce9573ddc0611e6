//! Language models that compare two texts for an asset.
//!
//! The rule: as for a describer, one call sends one request and does not retry. A judge sees two texts without their
//! origin, in the order in which the caller gives them.

use async_trait::async_trait;

use super::model::{ModelError, UsageBound};
use crate::domain::{asset::AssetPath, judge::Opinion, run::RunOptions, suggestion::Evidence, usage::Usage};

/// A request for an opinion on two texts.
#[derive(Debug, Clone)]
pub struct JudgeRequest {
    /// The asset that both texts describe.
    pub asset: AssetPath,
    /// What is known about it.
    pub facts: Vec<Evidence>,
    /// The texts, in the order in which they are shown.
    pub texts: [String; 2],
    /// The options of the run.
    pub options: RunOptions,
    /// Whether an earlier answer to the same request could not be used.
    pub is_retry: bool,
}

/// Compares texts. One exists per LLM profile in use.
#[async_trait]
pub trait Judge: Send + Sync {
    /// Compares the texts. Sends one request to the provider, without retries. Returns `None` if the answer cannot be
    /// read.
    ///
    /// # Errors
    /// Returns a [`ModelError`].
    async fn compare(&self, request: &JudgeRequest) -> Result<(Option<Opinion>, Usage), ModelError>;

    /// Returns the version of the prompts.
    fn prompt_version(&self) -> &str;

    /// Returns the maximum usage of a request.
    fn bound(&self, request: &JudgeRequest) -> UsageBound;
}
