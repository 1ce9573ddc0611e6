//! Subscriptions to runs.

use std::{future::ready, sync::Arc};

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject, Subscription};
use futures_util::{Stream, StreamExt};
use tokio::time::Instant;

use super::{
    event::RunEvent,
    input::{RunFilter, run_filter},
    object::{Run, RunKindCount, RunStatusCount, kind_counts, status_counts},
};
use crate::{
    domain::{filter, id::RunId},
    graphql::{
        connection::count,
        context::{loaders, services},
        ids::Key,
        share::position,
    },
    service::{progress::Told, subscriptions},
};

/// A kind of change of a run.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "subscriptions::RunChangeKind")]
pub enum RunChangeKind {
    /// It was created.
    Created,
    /// It changed.
    Updated,
    /// It was deleted.
    Deleted,
}

/// The counts of a list of runs.
#[derive(SimpleObject)]
pub struct RunCounts {
    /// The number of runs that match the filter.
    total_count: i32,
    /// The number of runs per kind that match the filter, ignoring its `kinds`. Every kind is listed.
    kind_counts: Vec<RunKindCount>,
    /// The number of runs per status that match the filter, ignoring its `statuses`. Every status is listed.
    status_counts: Vec<RunStatusCount>,
}

/// A change of a run that matched the filter before or matches it now.
pub struct RunChange {
    change: subscriptions::RunChange,
    filter: Arc<filter::RunFilter>,
    seen: Instant,
}

/// A change of a run that matched the filter before or matches it now.
#[Object]
impl RunChange {
    /// The kind of change.
    async fn kind(&self) -> RunChangeKind {
        self.change.kind.into()
    }

    /// The run's global id.
    async fn run_id(&self) -> ID {
        self.change.run_id.global()
    }

    /// The run as it is now; null if deleted.
    async fn run(&self, context: &Context<'_>) -> Result<Option<Run>> {
        Ok(loaders(context).runs.load_one(self.change.run_id).await?.map(Run))
    }

    /// Whether it matches the filter now.
    async fn matches(&self) -> bool {
        self.change.matches
    }

    /// The counts of the list after this change.
    async fn counts(&self, context: &Context<'_>) -> Result<RunCounts> {
        let figures = services(context).figures.since(&self.filter, self.seen).await?;
        Ok(RunCounts {
            total_count: count(figures.total),
            kind_counts: kind_counts(&figures.kinds),
            status_counts: status_counts(&figures.statuses),
        })
    }
}

/// Subscriptions to runs.
#[derive(Default)]
pub struct RunSubscription;

#[Subscription]
impl RunSubscription {
    /// Every event of one run after sequence number `after`: first the recorded ones, then live ones, without gap or
    /// repeat. Completes after the last event, when the run is not QUEUED, RUNNING, CANCELLING or APPLYING. If
    /// something starts the run again later, subscribe again with `after` set to the run's previous `lastSequence`.
    async fn run_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run's global id.")] run_id: ID,
        #[graphql(desc = "The sequence number of the last known event; 0 for none.", default_with = "Some(0)")]
        after: Option<i32>,
    ) -> Result<impl Stream<Item = Result<RunEvent>> + use<>> {
        let run_id = RunId::from_argument(&run_id, "runId")?;
        let (position, after) = position(context, after.unwrap_or_default());
        let told = services(context).progress.watch(run_id, after).await?;
        Ok(told.filter_map(move |told| {
            let event = match told {
                Ok(Told::Event(watched)) => {
                    if let Some(position) = &position {
                        position.reach(watched.event.sequence);
                    }
                    Some(Ok(RunEvent::watched(watched)))
                }
                Ok(Told::CaughtUp) => {
                    if let Some(position) = &position {
                        position.catch_up();
                    }
                    None
                }
                Err(error) => Some(Err(error.into())),
            };
            ready(event)
        }))
    }

    /// The changes of a list: a run that matched the filter before or matches it now was created, changed or deleted.
    /// At most four changes a second for one run. There is no replay: after a reconnect, fetch the list again.
    async fn runs_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only runs that match now or did before. Default: all.")] filter: Option<RunFilter>,
    ) -> Result<impl Stream<Item = Result<RunChange>> + use<>> {
        let filter = Arc::new(run_filter(filter, "filter")?);
        let changes = services(context).changes.watch(filter::RunFilter::clone(&filter));
        if let (Some(position), _) = position(context, 0) {
            position.catch_up();
        }
        Ok(changes
            .map(move |change| Ok(RunChange { change: change?, filter: Arc::clone(&filter), seen: Instant::now() })))
    }
}
