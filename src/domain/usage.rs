//! What a run used, may use, and how far it is.

use chrono::{DurationRound as _, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{asset::AssetPath, clock::Moment};

/// What the model was asked for. `cost_usd` is `None` once any part of it has no known price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent.
    pub input_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// United States dollars; `None` where a price is not known.
    pub cost_usd: Option<f64>,
    /// Milliseconds spent waiting for the model, added up over parallel requests.
    pub model_ms: i64,
    /// Requests answered or given up.
    pub requests: i32,
    /// Requests sent again after a failure.
    pub retries: i32,
}

impl Default for Usage {
    /// Nothing used, which costs nothing.
    fn default() -> Self {
        Self { input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0), model_ms: 0, requests: 0, retries: 0 }
    }
}

impl Usage {
    /// Adds what one request used.
    pub fn add(&mut self, other: &Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cost_usd = self.cost_usd.zip(other.cost_usd).map(|(a, b)| a + b);
        self.model_ms += other.model_ms;
        self.requests += other.requests;
        self.retries += other.retries;
    }

    /// Tokens in both directions.
    #[must_use]
    pub const fn total_tokens(&self) -> i64 {
        self.input_tokens + self.output_tokens
    }
}

/// Milliseconds of a quarter of an hour: what usage is summed over. Time zones differ by whole ones.
pub const QUARTER_MS: i64 = 15 * 60 * 1_000;

/// What some runs used together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageSum {
    /// Runs that started.
    pub runs: i64,
    /// What was used, by runs that started earlier too.
    pub usage: Usage,
}

impl UsageSum {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.usage.add(&other.usage);
    }
}

/// A span of time up to now, its days in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageWindow {
    /// Since midnight.
    Today,
    /// 24 hours, from the beginning of their first quarter of an hour.
    Last24Hours,
    /// Today and the six days before.
    Last7Days,
    /// Today and the 29 days before.
    Last30Days,
    /// Everything.
    AllTime,
}

impl UsageWindow {
    /// Where it begins; `None` for no beginning.
    #[must_use]
    pub fn start(self, now: Moment) -> Option<Moment> {
        let quarter = TimeDelta::milliseconds(QUARTER_MS);
        let midnight = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
        match self {
            Self::Today => Some(midnight),
            Self::Last24Hours => (now - TimeDelta::days(1)).duration_trunc(quarter).ok(),
            Self::Last7Days => Some(midnight - TimeDelta::days(6)),
            Self::Last30Days => Some(midnight - TimeDelta::days(29)),
            Self::AllTime => None,
        }
    }
}

/// Limits over the whole life of a run, resumes included. `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// United States dollars.
    pub max_cost_usd: Option<f64>,
    /// Tokens in both directions.
    pub max_tokens: Option<i64>,
    /// Seconds of work (`durationSeconds`).
    pub max_seconds: Option<i32>,
}

impl Budget {
    /// Whether it leaves more room than another: some limit is higher or gone, and none is lower.
    #[must_use]
    pub fn is_larger_than(&self, other: &Self) -> bool {
        fn raised<T: PartialOrd>(new: Option<T>, old: Option<T>) -> Option<std::cmp::Ordering> {
            match (new, old) {
                (None, None) => Some(std::cmp::Ordering::Equal),
                (None, Some(_)) => Some(std::cmp::Ordering::Greater),
                (Some(_), None) => Some(std::cmp::Ordering::Less),
                (Some(new), Some(old)) => new.partial_cmp(&old),
            }
        }
        let limits = [
            raised(self.max_cost_usd, other.max_cost_usd),
            raised(self.max_tokens, other.max_tokens),
            raised(self.max_seconds, other.max_seconds),
        ];
        limits.contains(&Some(std::cmp::Ordering::Greater)) && !limits.contains(&Some(std::cmp::Ordering::Less))
    }

    /// Whether nothing is limited.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.max_cost_usd.is_none() && self.max_tokens.is_none() && self.max_seconds.is_none()
    }
}

/// How many rows are done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Rows in scope; `None` until the scope is resolved.
    pub total: Option<i32>,
    /// Rows with a suggestion.
    pub done: i32,
    /// Rows given up.
    pub failed: i32,
    /// Rows that needed none.
    pub skipped: i32,
    /// The row begun last, while the run works.
    pub current_asset: Option<AssetPath>,
}
