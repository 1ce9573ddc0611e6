//! The estimate of a run's size and cost.

use async_graphql::SimpleObject;

use crate::{graphql::scalar::Long, service::estimates::Estimate};

/// An estimate of what a run covers and costs.
#[derive(SimpleObject)]
pub struct RunEstimate {
    /// The number of tables, views and columns to describe; with `missingOnly`, only those without a comment.
    assets: i32,
    /// The number of tables and views that they belong to.
    tables: i32,
    /// The number of these assets whose texts are certain by inheritance (`inherit`): they cost nothing.
    inherited: i32,
    /// The number of requests to the model, with the expected repeats: as many as the model needed in the last 30 days.
    requests: i32,
    /// Tokens sent: the likely number. With `profileData`, samples count with their usual length.
    input_tokens: Long,
    /// Tokens received: the usual number for these options.
    output_tokens: Long,
    /// United States dollars; null if a price is unknown, 0 for BUILTIN.
    cost_usd: Option<f64>,
}

impl From<Estimate> for RunEstimate {
    fn from(estimate: Estimate) -> Self {
        let Estimate { assets, tables, inherited, requests, input_tokens, output_tokens, cost_usd } = estimate;
        Self {
            assets,
            tables,
            inherited,
            requests,
            input_tokens: Long(input_tokens),
            output_tokens: Long(output_tokens),
            cost_usd,
        }
    }
}
