//! The query for usage.

use async_graphql::{Context, Object, Result};

use super::object::{UsageReport, UsageWindow};
use crate::{domain::clock::Moment, graphql::context::services};

/// The query for usage.
#[derive(Default)]
pub struct UsageQuery;

#[Object]
impl UsageQuery {
    /// The usage of models. Deleted runs still count, because their usage was paid for.
    async fn usage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The span of time, up to now.")] window: UsageWindow,
        #[graphql(
            desc = "A time in the past that replaces the start of `window`. It is rounded down to a quarter of an \
                          hour."
        )]
        since: Option<Moment>,
    ) -> Result<UsageReport> {
        Ok(UsageReport(services(context).usage.report(window.into(), since).await?))
    }
}
