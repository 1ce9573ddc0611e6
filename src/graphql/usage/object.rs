//! The types of usage: in total, by model and by day.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};

use crate::{
    domain::usage,
    graphql::{connection::count, context::services, profile::object::LlmProvider, run::parts::TokenUsage},
    service::usage::Report,
};

/// A time window that ends now. Days are in UTC.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "usage::UsageWindow")]
pub enum UsageWindow {
    /// Since midnight.
    Today,
    /// The last 24 hours. The start is rounded down to a quarter of an hour.
    #[graphql(name = "LAST_24_HOURS")]
    Last24Hours,
    /// Today and the six days before.
    #[graphql(name = "LAST_7_DAYS")]
    Last7Days,
    /// Today and the 29 days before.
    #[graphql(name = "LAST_30_DAYS")]
    Last30Days,
    /// Everything.
    AllTime,
}

/// The usage of one model.
#[derive(SimpleObject)]
pub struct ModelUsage {
    /// The provider; null if unknown.
    provider: Option<LlmProvider>,
    /// The model's name at the provider.
    model: String,
    /// The number of runs with it that started in the window.
    runs: i32,
    /// The usage in the window, including that of runs that started earlier.
    usage: TokenUsage,
}

/// The usage of one day.
#[derive(SimpleObject)]
pub struct DayUsage {
    /// The day: `2026-11-28`.
    day: String,
    /// The number of runs that started on this day.
    runs: i32,
    /// The usage on this day, including that of runs that started earlier.
    usage: TokenUsage,
}

/// The usage in a window of time.
pub struct UsageReport(pub Report);

/// The usage in a window of time.
#[Object]
impl UsageReport {
    /// The total usage.
    async fn total(&self) -> TokenUsage {
        TokenUsage::from(&self.0.total.usage)
    }

    /// The usage per model, the most tokens first.
    async fn by_model(&self) -> Vec<ModelUsage> {
        let model = |used: &crate::port::store::ModelUsage| ModelUsage {
            provider: used.provider.map(Into::into),
            model: used.model.clone(),
            runs: count(used.sum.runs),
            usage: TokenUsage::from(&used.sum.usage),
        };
        self.0.by_model.iter().map(model).collect()
    }

    /// The usage per day of the window in `timeZone`, oldest first, including days without use. If `timeZone` is not
    /// UTC, the first day may be partial. `ALL_TIME` and a report with `since` begin with the first day that has any
    /// usage.
    #[graphql(complexity = "100 + child_complexity")]
    async fn by_day(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The time zone of the days, an IANA name.", default_with = "Some(\"UTC\".to_owned())")]
        time_zone: Option<String>,
    ) -> Result<Vec<DayUsage>> {
        let zone = time_zone.unwrap_or_else(|| "UTC".to_owned());
        let day = |(day, sum): (chrono::NaiveDate, usage::UsageSum)| DayUsage {
            day: day.to_string(),
            runs: count(sum.runs),
            usage: TokenUsage::from(&sum.usage),
        };
        Ok(services(context).usage.by_day(&self.0, &zone).await?.into_iter().map(day).collect())
    }
}
