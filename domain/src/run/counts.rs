//! The counts of a list of runs.

use std::{collections::HashMap, hash::Hash};

use crate::{
    filter::RunFilter,
    status::{RunKind, RunStatus},
};

/// How many runs pass a filter, by kind and status. The filter's own kinds and statuses are applied by the methods, so
/// that all counts of a list come from one reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunCounts(pub HashMap<(RunKind, RunStatus), i64>);

impl RunCounts {
    /// The number of runs that pass the filter.
    #[must_use]
    pub fn total(&self, filter: &RunFilter) -> i64 {
        let passes = |(kind, status): &(RunKind, RunStatus)| {
            is_in(filter.kinds.as_deref(), *kind) && is_in(filter.statuses.as_deref(), *status)
        };
        self.0.iter().filter(|(group, _)| passes(group)).map(|(_, count)| count).sum()
    }

    /// The runs that pass the filter by kind, ignoring its kinds. Kinds without runs are missing.
    #[must_use]
    pub fn kinds(&self, filter: &RunFilter) -> HashMap<RunKind, i64> {
        summed(
            self.0
                .iter()
                .filter(|((_, status), _)| is_in(filter.statuses.as_deref(), *status))
                .map(|((kind, _), n)| (*kind, *n)),
        )
    }

    /// The runs that pass the filter by status, ignoring its statuses. Statuses without runs are missing.
    #[must_use]
    pub fn statuses(&self, filter: &RunFilter) -> HashMap<RunStatus, i64> {
        summed(
            self.0
                .iter()
                .filter(|((kind, _), _)| is_in(filter.kinds.as_deref(), *kind))
                .map(|((_, status), n)| (*status, *n)),
        )
    }
}

fn is_in<T: PartialEq>(wanted: Option<&[T]>, value: T) -> bool {
    wanted.is_none_or(|wanted| wanted.contains(&value))
}

fn summed<K: Hash + Eq>(counts: impl Iterator<Item = (K, i64)>) -> HashMap<K, i64> {
    let mut sums = HashMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    sums
}
