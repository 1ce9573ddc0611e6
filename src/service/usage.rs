//! Model usage reports: in total, by model, by day.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DurationRound as _, NaiveDate, TimeDelta};

use crate::{
    domain::{
        Error, Result,
        clock::Moment,
        schedule::time_zone,
        usage::{QUARTER_MS, UsageSum, UsageWindow},
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
    /// The start of the report; `None` if it has none.
    from: Option<Moment>,
    /// Whether the days begin with the first one that has any usage.
    starts_with_use: bool,
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

    /// Reports the usage of a window that ends now, or since a moment instead.
    ///
    /// # Errors
    /// Returns `BadInput` at `since` for a moment to come, and the errors of the store.
    pub async fn report(&self, window: UsageWindow, since: Option<Moment>) -> Result<Report> {
        let until = self.ports.clock.now();
        if let Some(since) = since.filter(|since| *since > until) {
            let message = format!("{} is in the future; pass a time in the past", since.to_rfc3339());
            return Err(Error::bad_input("since", message));
        }
        let quarter = TimeDelta::milliseconds(QUARTER_MS);
        let since = since.map(|since| since.duration_trunc(quarter).unwrap_or(since));
        let from = since.or_else(|| window.start(until));
        let starts_with_use = since.is_some() || from.is_none();
        let mut by_model = self.ports.store.usage_by_model(from).await?;
        by_model.sort_by(|one, other| {
            let key = |usage: &ModelUsage| (Reverse(usage.sum.usage.total_tokens()), usage.model.clone());
            key(one).cmp(&key(other))
        });
        let mut total = UsageSum::default();
        for model in &by_model {
            total.add(&model.sum);
        }
        Ok(Report { from, starts_with_use, until, total, by_model })
    }

    /// Returns a report's usage by day in a time zone, oldest first, including days without usage. A report of all time
    /// or since a moment begins with the first day that has any.
    ///
    /// # Errors
    /// Returns `BadInput` at `timeZone` for an unknown time zone.
    pub async fn by_day(&self, report: &Report, zone: &str) -> Result<Vec<(NaiveDate, UsageSum)>> {
        let zone = time_zone(zone, "timeZone")?;
        let day_of = |moment: Moment| moment.with_timezone(&zone).date_naive();
        let mut days: BTreeMap<NaiveDate, UsageSum> = BTreeMap::new();
        for (quarter, sum) in self.ports.store.usage_by_quarter(report.from).await? {
            days.entry(day_of(quarter)).or_default().add(&sum);
        }
        let today = day_of(report.until);
        let start = report.from.filter(|_| !report.starts_with_use);
        let first = start.map(day_of).or_else(|| days.keys().next().copied()).unwrap_or(today);
        let every = first.iter_days().take_while(|day| *day <= today);
        Ok(every.map(|day| (day, days.remove(&day).unwrap_or_default())).collect())
    }
}
