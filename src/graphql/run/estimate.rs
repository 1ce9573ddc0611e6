//! What a run would touch and cost.

use async_graphql::SimpleObject;

use crate::{graphql::scalar::Long, service::estimates::Estimate};

/// What a run would touch and about what it would cost.
#[derive(SimpleObject)]
pub struct RunEstimate {
    /// Tables, views and columns to describe; with `missingOnly`, those without a comment.
    assets: i32,
    /// Tables and views that they belong to.
    tables: i32,
    /// Requests to the model.
    requests: i32,
    /// Tokens sent, rather too many than too few; samples come on top with `profileData`.
    input_tokens: Long,
    /// Tokens received, as such descriptions usually take.
    output_tokens: Long,
    /// United States dollars; null where a price is not known, 0 for BUILTIN.
    cost_usd: Option<f64>,
}

impl From<Estimate> for RunEstimate {
    fn from(estimate: Estimate) -> Self {
        let Estimate { assets, tables, requests, input_tokens, output_tokens, cost_usd } = estimate;
        Self {
            assets,
            tables,
            requests,
            input_tokens: Long(input_tokens),
            output_tokens: Long(output_tokens),
            cost_usd,
        }
    }
}
