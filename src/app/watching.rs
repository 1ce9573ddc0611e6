//! What `/metrics` shows of the process and of the store.
//!
//! The rule: a scrape answers also if the store does not; then `gloss_store_available` is 0, and the gauges of the
//! store keep their last values.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{LEASE, doctor::free_space};
use crate::{
    config::Settings,
    domain::{
        Result,
        clock::Clock,
        filter::RunFilter,
        status::{RunKind, RunStatus},
    },
    http,
    port::{Ports, store::Store},
    telemetry::metrics::{OfProcess, OfStore, show, text},
};

/// Maximum time that a scrape waits for the store.
const STORE_WITHIN: Duration = Duration::from_secs(3);

/// The metrics behind `/metrics`.
pub(super) fn metrics(settings: &Settings, ports: &Ports) -> http::Metrics {
    let (store, clock) = (Arc::clone(&ports.store), Arc::clone(&ports.clock));
    let (capacity, folder) = (settings.workers, settings.data_dir.clone());
    http::Metrics::new(move || {
        let (store, clock, folder) = (Arc::clone(&store), Arc::clone(&clock), folder.clone());
        async move {
            let of_store = tokio::time::timeout(STORE_WITHIN, of_store(store.as_ref(), clock.as_ref())).await;
            let process = OfProcess { capacity, free_bytes: free_space(&folder).unwrap_or_default() };
            show(&process, of_store.ok().and_then(Result::ok).as_ref());
            text()
        }
    })
}

async fn of_store(store: &dyn Store, clock: &dyn Clock) -> Result<OfStore> {
    let counts = store.run_counts(&RunFilter::default()).await?.0;
    let queue = store.queue().await?;
    let now = clock.now();
    // A group without runs is 0 again, not absent.
    let groups = RunKind::ALL.iter().flat_map(|kind| RunStatus::ALL.iter().map(move |status| (*kind, *status)));
    let runs =
        groups.map(|group| (group.0.as_str(), group.1.as_str(), counts.get(&group).copied().unwrap_or_default()));
    let positive = |span: TimeDelta| span.to_std().unwrap_or_default();
    let lease_age = queue.lease_ends.map(|ends| LEASE.saturating_sub(positive(ends - now)));
    Ok(OfStore {
        runs: runs.collect(),
        queue_age: queue.waiting_since.map(|since| positive(now - since)).unwrap_or_default(),
        lease_age: lease_age.unwrap_or_default(),
    })
}
