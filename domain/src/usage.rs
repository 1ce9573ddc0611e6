//! Usage, budgets and progress of runs.

use chrono::{DurationRound as _, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{asset::AssetPath, clock::Moment};

/// The model requests, tokens, time and cost of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens sent, including cached ones.
    pub input_tokens: i64,
    /// Tokens of the input that the provider read from its prompt cache.
    #[serde(default)]
    pub cached_input_tokens: i64,
    /// Tokens of the input that the provider wrote to its prompt cache.
    #[serde(default)]
    pub cache_write_tokens: i64,
    /// Tokens received.
    pub output_tokens: i64,
    /// Cost in US dollars; `None` once any part of it has no known price.
    pub cost_usd: Option<f64>,
    /// Milliseconds spent waiting for the model, summed over parallel requests.
    pub model_ms: i64,
    /// Number of requests that were answered or failed for good.
    pub requests: i32,
    /// Number of retries.
    pub retries: i32,
    /// Number of the requests that asked again for what an earlier answer lacked.
    #[serde(default)]
    pub repeats: i32,
}

impl Default for Usage {
    /// Returns zero usage, with a known cost of 0.
    fn default() -> Self {
        Self {
            input_tokens: 0,
            cached_input_tokens: 0,
            cache_write_tokens: 0,
            output_tokens: 0,
            cost_usd: Some(0.0),
            model_ms: 0,
            requests: 0,
            retries: 0,
            repeats: 0,
        }
    }
}

impl Usage {
    /// Adds what one request used.
    pub fn add(&mut self, other: &Self) {
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
        self.output_tokens += other.output_tokens;
        self.cost_usd = self.cost_usd.zip(other.cost_usd).map(|(a, b)| a + b);
        self.model_ms += other.model_ms;
        self.requests += other.requests;
        self.retries += other.retries;
        self.repeats += other.repeats;
    }

    /// Tokens in both directions.
    #[must_use]
    pub const fn total_tokens(&self) -> i64 {
        self.input_tokens + self.output_tokens
    }
}

/// The interval over which usage is summed: a quarter of an hour, in milliseconds. Time zone offsets are multiples of
/// it.
pub const QUARTER_MS: i64 = 15 * 60 * 1_000;

/// The total usage of several runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageSum {
    /// Number of runs that started in the interval.
    pub runs: i64,
    /// The usage in the interval, including that of runs that started earlier.
    pub usage: Usage,
}

impl UsageSum {
    /// Adds another sum.
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.usage.add(&other.usage);
    }
}

/// A time window that ends now. Its days are in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageWindow {
    /// Since midnight.
    Today,
    /// The last 24 hours, extended back to the start of a quarter of an hour.
    Last24Hours,
    /// Today and the 6 days before.
    Last7Days,
    /// Today and the 29 days before.
    Last30Days,
    /// All time.
    AllTime,
}

impl UsageWindow {
    /// The start of the window; `None` for all time.
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

/// Limits over the whole life of a run, including resumes. `None` is no limit.
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
    /// Returns whether this budget is larger than another: at least one limit is higher or removed, and none is lower.
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

    /// Returns whether there is no limit.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.max_cost_usd.is_none() && self.max_tokens.is_none() && self.max_seconds.is_none()
    }
}

/// Counts of a run's rows by state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Rows in scope; `None` until the scope is resolved.
    pub total: Option<i32>,
    /// Rows with a suggestion.
    pub done: i32,
    /// Rows that failed.
    pub failed: i32,
    /// Rows that needed no suggestion.
    pub skipped: i32,
    /// The asset whose row started last, while the run is working.
    pub current_asset: Option<AssetPath>,
}
