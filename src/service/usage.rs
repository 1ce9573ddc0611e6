//! What models were used for: in all, by model, by day.

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

/// The use cases.
#[derive(Clone)]
pub struct UsageReports {
    ports: Ports,
}

/// The usage of a window.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where the window begins; `None` for no beginning.
    from: Option<Moment>,
    /// Where it ends.
    until: Moment,
    /// What was used in all.
    pub total: UsageSum,
    /// What was used of each model, the most tokens first.
    pub by_model: Vec<ModelUsage>,
}

impl UsageReports {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// The usage of a window.
    ///
    /// # Errors
    /// What the store says.
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

    /// A report's usage by day in a time zone, oldest first, days without use included. All time begins with the first
    /// day that has any.
    ///
    /// # Errors
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
