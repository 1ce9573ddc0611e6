//! Model usage reports: in total, by model, by day.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::NaiveDate;

use crate::{
    domain::{
        Result,
        clock::Moment,
        schedule::time_zone,
        usage::{UsageSum, UsageWindow},
    },
    port::{Ports, store::ModelUsage},
};

/// The use cases of usage. Cheap to clone.
#[derive(Clone)]
pub struct UsageReports {
    ports: Ports,
}

/// The usage of a window.
#[derive(Debug, Clone)]
pub struct Report {
    /// The start of the window; `None` if it has none.
    from: Option<Moment>,
    /// The end of the window.
    until: Moment,
    /// The total usage.
    pub total: UsageSum,
    /// The usage per model, the most tokens first.
    pub by_model: Vec<ModelUsage>,
}

impl UsageReports {
    /// Creates the use cases over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Reports the usage of a window that ends now.
    ///
    /// # Errors
    /// Returns the errors of the store.
    pub async fn report(&self, window: UsageWindow) -> Result<Report> {
        let until = self.ports.clock.now();
        let from = window.start(until);
        let mut by_model = self.ports.store.usage_by_model(from).await?;
        by_model.sort_by(|one, other| {
            let key = |usage: &ModelUsage| (Reverse(usage.sum.usage.total_tokens()), usage.model.clone());
            key(one).cmp(&key(other))
        });
        let mut total = UsageSum::default();
        for model in &by_model {
            total.add(&model.sum);
        }
        Ok(Report { from, until, total, by_model })
    }

    /// Returns a report's usage by day in a time zone, oldest first, including days without usage. A report without a
    /// start begins with the first day that has any.
    ///
    /// # Errors
    /// Returns `BadInput` at `timeZone` for an unknown time zone.
    /// `BadInput` at `timeZone` for an unknown zone.
    pub async fn by_day(&self, report: &Report, zone: &str) -> Result<Vec<(NaiveDate, UsageSum)>> {
        let zone = time_zone(zone, "timeZone")?;
        let day_of = |moment: Moment| moment.with_timezone(&zone).date_naive();
        let mut days: BTreeMap<NaiveDate, UsageSum> = BTreeMap::new();
        for (quarter, sum) in self.ports.store.usage_by_quarter(report.from).await? {
            days.entry(day_of(quarter)).or_default().add(&sum);
        }
        let today = day_of(report.until);
        let first = report.from.map(day_of).or_else(|| days.keys().next().copied()).unwrap_or(today);
        let every = first.iter_days().take_while(|day| *day <= today);
        Ok(every.map(|day| (day, days.remove(&day).unwrap_or_default())).collect())
    }
}
